#include "sim/service/circuit_breaker.hpp"

#include <gtest/gtest.h>

namespace labtwin::service {
namespace {

using namespace labtwin::literals;

TEST(CircuitBreaker, WithoutAPolicyEverythingPasses) {
  CircuitBreaker breaker(std::nullopt);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(breaker.admit(1_s));
    breaker.report(1_s, false);
  }
}

TEST(CircuitBreaker, OpensAfterFailuresInARow) {
  CircuitBreaker breaker(BreakerPolicy{.num_failures = 2, .open_for = 10_s});
  breaker.report(1_s, false);
  breaker.report(2_s, true);
  breaker.report(3_s, false);
  EXPECT_TRUE(breaker.admit(3_s));
  breaker.report(4_s, false);
  EXPECT_FALSE(breaker.admit(4_s));
  EXPECT_FALSE(breaker.admit(13_s));
}

TEST(CircuitBreaker, LetsOneTryWhenItsTimeIsOver) {
  CircuitBreaker breaker(BreakerPolicy{.num_failures = 1, .open_for = 10_s});
  breaker.report(0_s, false);
  EXPECT_TRUE(breaker.admit(10_s));
  EXPECT_FALSE(breaker.admit(10_s));
  breaker.report(11_s, false);
  EXPECT_FALSE(breaker.admit(20_s));
  EXPECT_TRUE(breaker.admit(21_s));
  breaker.report(21_s, true);
  EXPECT_TRUE(breaker.admit(21_s));
  EXPECT_TRUE(breaker.admit(21_s));
}

}  // namespace
}  // namespace labtwin::service
