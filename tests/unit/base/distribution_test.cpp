#include "models/base/distribution.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "models/base/error.hpp"

namespace labtwin {
namespace {

/// The mean by the midpoint rule over the quantile function, an independent check of mean().
double integrated_mean(const Distribution& distribution, int steps = 200000) {
  double sum = 0.0;
  for (int i = 0; i < steps; ++i) sum += distribution.quantile((i + 0.5) / steps);
  return sum / steps;
}

TEST(Distribution, QuantilesAreThoseOfTheTextbook) {
  EXPECT_EQ(Distribution::constant(3.0).quantile(0.99), 3.0);
  EXPECT_DOUBLE_EQ(Distribution::uniform(2.0, 6.0).quantile(0.25), 3.0);
  EXPECT_DOUBLE_EQ(Distribution::exponential(2.0).quantile(0.5), 2.0 * std::log(2.0));
  EXPECT_DOUBLE_EQ(Distribution::lognormal_from_median(20.0, 60.0).quantile(0.5), 20.0);
  EXPECT_NEAR(Distribution::lognormal_from_median(20.0, 60.0).quantile(0.9), 60.0, 1e-9);
  // Gamma of cv 1 and Weibull of shape 1 are exponential.
  EXPECT_NEAR(Distribution::gamma(2.0, 1.0).quantile(0.5), 2.0 * std::log(2.0), 1e-12);
  EXPECT_NEAR(Distribution::weibull(2.0, 1.0).quantile(0.5), 2.0 * std::log(2.0), 1e-12);
  // Weibull of shape 1/2 and mean 2 has scale 1: x = (-ln(1 - u))^2.
  EXPECT_NEAR(Distribution::weibull(2.0, 0.5).quantile(0.9), std::pow(std::log(10.0), 2.0), 1e-12);
}

TEST(Distribution, MeanIsTheIntegralOfTheQuantileFunction) {
  EXPECT_NEAR(integrated_mean(Distribution::uniform(2.0, 6.0)), 4.0, 1e-9);
  const std::vector<Distribution> distributions{Distribution::exponential(2.0),
                                                Distribution::lognormal_from_median(20.0, 60.0),
                                                Distribution::lognormal_from_mean(5.0, 0.8),
                                                Distribution::gamma(3.0, 0.5),
                                                Distribution::weibull(4.0, 1.5),
                                                Distribution::gamma(3.0, 2.0)};
  for (const Distribution& distribution : distributions) {
    EXPECT_NEAR(integrated_mean(distribution) / distribution.mean(), 1.0, 1e-3) << distribution.name();
  }
  EXPECT_NEAR(Distribution::lognormal_from_mean(5.0, 0.8).mean(), 5.0, 1e-12);
}

TEST(Distribution, CvIsTheRatioOfDeviationToMean) {
  for (const Distribution& distribution : {Distribution::lognormal_from_mean(5.0, 0.8), Distribution::gamma(5.0, 0.8)}) {
    double sum_of_squares = 0.0;
    constexpr int kSteps = 200000;
    for (int i = 0; i < kSteps; ++i) sum_of_squares += std::pow(distribution.quantile((i + 0.5) / kSteps) - 5.0, 2.0);
    EXPECT_NEAR(std::sqrt(sum_of_squares / kSteps) / 5.0, 0.8, 0.005) << distribution.name();
  }
}

TEST(Distribution, EmpiricalFollowsItsPointsWithStraightLines) {
  const Distribution distribution = Distribution::empirical({{0.0, 1.0}, {0.5, 3.0}, {1.0, 9.0}});
  EXPECT_EQ(distribution.quantile(0.25), 2.0);
  EXPECT_EQ(distribution.quantile(0.5), 3.0);
  EXPECT_EQ(distribution.quantile(0.75), 6.0);
  EXPECT_EQ(distribution.mean(), 0.5 * 2.0 + 0.5 * 6.0);
}

TEST(Distribution, QuantilesRiseAndStayFiniteUpToTheEnds) {
  const std::vector<Distribution> distributions{Distribution::gamma(1.0, 100.0), Distribution::gamma(1.0, 0.01),
                                                Distribution::weibull(1.0, 0.1), Distribution::lognormal_from_mean(1.0, 100.0),
                                                Distribution::exponential(0.0)};
  for (const Distribution& distribution : distributions) {
    double last = 0.0;
    for (double u : {0x1.0p-54, 1e-9, 0.1, 0.5, 0.9, 1.0 - 1e-9, 1.0 - 0x1.0p-53}) {
      const double value = distribution.quantile(u);
      EXPECT_TRUE(std::isfinite(value)) << distribution.name() << " at " << u;
      EXPECT_GE(value, last) << distribution.name() << " at " << u;
      last = value;
    }
  }
}

TEST(Distribution, RefusesParametersWithoutMeaning) {
  EXPECT_THROW(static_cast<void>(Distribution::uniform(2.0, 1.0)), ModelError);
  EXPECT_THROW(static_cast<void>(Distribution::lognormal_from_median(2.0, 1.0)), ModelError);
  EXPECT_THROW(static_cast<void>(Distribution::gamma(1.0, 0.0)), ModelError);
  EXPECT_THROW(static_cast<void>(Distribution::empirical({{0.0, 1.0}})), ModelError);
  EXPECT_THROW(static_cast<void>(Distribution::empirical({{0.0, 2.0}, {1.0, 1.0}})), ModelError);
  EXPECT_THROW(static_cast<void>(Distribution::exponential(-1.0)), ModelError);
}

}  // namespace
}  // namespace labtwin
