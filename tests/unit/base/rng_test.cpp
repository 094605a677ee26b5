#include "models/base/rng.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace labtwin {
namespace {

TEST(RandomStream, DependsOnEveryCoordinateAndOnNothingElse) {
  const RandomStream stream = RandomSource(7, 0).stream("agent.think");
  const double draw = stream.uniform(3, 5);
  EXPECT_EQ(draw, RandomSource(7, 0).stream("agent.think").uniform(3, 5));
  EXPECT_NE(draw, RandomSource(8, 0).stream("agent.think").uniform(3, 5));
  EXPECT_NE(draw, RandomSource(7, 1).stream("agent.think").uniform(3, 5));
  EXPECT_NE(draw, RandomSource(7, 0).stream("agent.thinl").uniform(3, 5));
  EXPECT_NE(draw, stream.uniform(4, 5));
  EXPECT_NE(draw, stream.uniform(3, 6));
}

TEST(RandomStream, IsUniform) {
  const RandomStream stream = RandomSource(1, 0).stream("test");
  constexpr int kDraws = 100000;
  double sum = 0.0;
  double sum_of_squares = 0.0;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const double u = stream.uniform(i);
    ASSERT_GT(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    sum_of_squares += u * u;
  }
  // Five standard errors of the mean (sqrt(1/12/n)) and of the second moment (sqrt(4/45/n)).
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * 0.2887 / std::sqrt(kDraws));
  EXPECT_NEAR(sum_of_squares / kDraws, 1.0 / 3.0, 5 * 0.2981 / std::sqrt(kDraws));
}

}  // namespace
}  // namespace labtwin
