#include "models/network/toxic.hpp"

#include <gtest/gtest.h>

namespace labtwin::network {
namespace {

using namespace labtwin::literals;

Toxic toxic(Toxic::Type type) {
  Toxic one;
  one.type = type;
  return one;
}

TEST(Toxic, LatencyStaysWithinItsJitter) {
  Toxic latency = toxic(Toxic::Type::Latency);
  latency.latency = 100_ms;
  latency.jitter = 20_ms;
  EXPECT_DOUBLE_EQ(latency.effect(1_KiB, 1_KiB, 0.0).delay.value().value(), 0.08);
  EXPECT_DOUBLE_EQ(latency.effect(1_KiB, 1_KiB, 1.0).delay.value().value(), 0.12);
  EXPECT_FALSE(latency.effect(1_KiB, 1_KiB, 0.5).closes);
}

TEST(Toxic, BandwidthAndSlicerTakeTimeBySize) {
  Toxic bandwidth = toxic(Toxic::Type::Bandwidth);
  bandwidth.rate = BytesPerSecond::from_base(1e5);
  EXPECT_DOUBLE_EQ(bandwidth.effect(Bytes::from_base(5e4), {}, 0.5).delay.value().value(), 0.5);
  Toxic slicer = toxic(Toxic::Type::Slicer);
  slicer.size = Bytes::from_base(100.0);
  slicer.latency = 1_ms;
  EXPECT_DOUBLE_EQ(slicer.effect(Bytes::from_base(950.0), {}, 0.5).delay.value().value(), 0.010);
}

TEST(Toxic, LimitClosesOnceTheConnectionHasCarriedSoMuch) {
  Toxic limit = toxic(Toxic::Type::LimitData);
  limit.size = Bytes::from_base(1000.0);
  EXPECT_FALSE(limit.effect(Bytes::from_base(1000.0), Bytes::from_base(1000.0), 0.5).closes);
  EXPECT_TRUE(limit.effect(Bytes::from_base(1.0), Bytes::from_base(1001.0), 0.5).closes);
}

TEST(Toxic, ATimeoutOfNothingLetsNothingThroughForEver) {
  Toxic timeout = toxic(Toxic::Type::Timeout);
  EXPECT_FALSE(timeout.effect(1_KiB, 1_KiB, 0.5).delay.has_value());
  timeout.latency = 300_ms;
  EXPECT_DOUBLE_EQ(timeout.effect(1_KiB, 1_KiB, 0.5).delay.value().value(), 0.3);
  EXPECT_TRUE(timeout.effect(1_KiB, 1_KiB, 0.5).closes);
}

}  // namespace
}  // namespace labtwin::network
