#include "models/calibration/host_bandwidth.hpp"

#include <gtest/gtest.h>

#include "models/serving/usual_memory.hpp"

namespace labtwin::calibration {
namespace {

double gigabytes_per_second(const HostOfRow& host) {
  static const LlmParts parts;
  return host_bandwidth(host, parts).value() / 1e9;
}

TEST(HostBandwidth, IsOfTheProcessorThatIsNamed) {
  EXPECT_DOUBLE_EQ(gigabytes_per_second({.processor = "EPYC 7532", .architecture = "Blackwell", .kept = 1_GiB}), 204.8);
  EXPECT_DOUBLE_EQ(gigabytes_per_second({.processor = "Ryzen 9 9950X", .architecture = "Ampere", .kept = 190_GiB}), 89.6);
}

TEST(HostBandwidth, TwoSocketsHaveTwiceTheMemoryOfOne) {
  const double one = gigabytes_per_second({.processor = "Xeon Gold 6138", .architecture = "", .kept = 1_GiB});
  EXPECT_DOUBLE_EQ(gigabytes_per_second({.processor = "2x Xeon Gold 6138", .architecture = "", .kept = 1_GiB}), 2.0 * one);
}

TEST(HostBandwidth, AServerIsKnownByItsNameAlone) {
  const double server = serving::kServerMemory.value() / 1e9;
  EXPECT_DOUBLE_EQ(gigabytes_per_second({.processor = "EPYC of some year", .architecture = "Ampere", .kept = 1_GiB}), server);
}

TEST(HostBandwidth, OfAnUnnamedHostIsTheUsualOne) {
  const double desktop = serving::kDdr4Desktop.value() / 1e9;
  EXPECT_DOUBLE_EQ(gigabytes_per_second({.processor = "", .architecture = "Ampere", .kept = 1_GiB}), desktop);
  EXPECT_DOUBLE_EQ(gigabytes_per_second({.processor = "a box", .architecture = "Ampere", .kept = 1_GiB}), desktop);
}

}  // namespace
}  // namespace labtwin::calibration
