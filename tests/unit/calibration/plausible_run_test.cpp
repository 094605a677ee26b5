#include "models/calibration/plausible_run.hpp"

#include <gtest/gtest.h>

namespace labtwin::calibration {
namespace {

TEST(ImplausibleRun, IsOneServedFromMemory) {
  EXPECT_NE(why_implausible({.operation = "randread", .num_in_flight = 1, .latency_us = 1.2}).find("memory"),
            std::string::npos);
  EXPECT_EQ(why_implausible({.operation = "randread", .num_in_flight = 1, .latency_us = 9.0}), "");
  // Writes are acknowledged from a cache.
  EXPECT_EQ(why_implausible({.operation = "randwrite", .num_in_flight = 1, .latency_us = 1.2}), "");
}

TEST(ImplausibleRun, IsOneFasterThanAnyMedium) {
  EXPECT_NE(why_implausible({.operation = "read", .bytes_per_s = 70e9}).find("70.0 GB/s"), std::string::npos);
  EXPECT_EQ(why_implausible({.operation = "read", .bytes_per_s = 14e9}), "");
}

TEST(ImplausibleRun, IsOneWhosePercentilesFall) {
  RunFigures run{.operation = "read", .quantile_us = {100.0, std::nullopt, 90.0, 200.0}};
  EXPECT_NE(why_implausible(run).find("from 100 us to 90 us"), std::string::npos);
  run.quantile_us[2] = 98.0;  // within one bin of a histogram
  EXPECT_EQ(why_implausible(run), "");
}

}  // namespace
}  // namespace labtwin::calibration
