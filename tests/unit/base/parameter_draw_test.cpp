#include "models/base/parameter_draw.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "models/base/distribution.hpp"

namespace labtwin {
namespace {

TEST(ParameterDraw, HasTheMiddleFirst) {
  for (const std::uint64_t seed : {1UL, 2UL, 77UL}) EXPECT_EQ(parameter_draw(seed, 0, "speed"), 0.5);
}

TEST(ParameterDraw, CoversTheRangeEvenlyWithEveryLevel) {
  std::set<double> draws;
  for (std::uint64_t r = 0; r < 15; ++r) draws.insert(parameter_draw(3, r, "speed"));
  ASSERT_EQ(draws.size(), 15U);
  double sixteenth = 1.0;
  for (const double draw : draws) EXPECT_EQ(draw, sixteenth++ / 16.0);
}

TEST(ParameterDraw, IsTheSameForEqualNamesAndAnotherForOthers) {
  std::size_t differing = 0;
  for (std::uint64_t r = 1; r < 63; ++r) {
    EXPECT_EQ(parameter_draw(1, r, "decode of a card"), parameter_draw(1, r, "decode of a card"));
    if (parameter_draw(1, r, "decode of a card") != parameter_draw(1, r, "decode of another")) ++differing;
  }
  EXPECT_GT(differing, 50U);
}

TEST(ParameterDraw, OfTwoParametersAreNotCorrelated) {
  constexpr std::uint64_t kDraws = 1023;
  const Distribution normal_like = Distribution::lognormal_from_median(1.0, std::exp(1.2815515655446004));
  double products = 0.0;
  for (std::uint64_t r = 0; r < kDraws; ++r) {
    products +=
        std::log(normal_like.quantile(parameter_draw(5, r, "a"))) * std::log(normal_like.quantile(parameter_draw(5, r, "b")));
  }
  // Of independent deviates the mean product has a standard deviation of 1 / sqrt(n).
  EXPECT_LT(std::abs(products) / kDraws, 3.0 / std::sqrt(kDraws));
}

}  // namespace
}  // namespace labtwin
