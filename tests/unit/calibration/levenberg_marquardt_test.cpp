#include "models/calibration/levenberg_marquardt.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace labtwin::calibration {
namespace {

// NIST StRD, Misra1a: y = b1 (1 - exp(-b2 x)).
constexpr std::array<double, 14> kX = {77.6,  114.9, 141.1, 190.8, 239.9, 289.0, 332.8,
                                       378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0};
constexpr std::array<double, 14> kY = {10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02,
                                       44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78};

void misra(std::span<const double> t, std::span<double> out) {
  for (std::size_t i = 0; i < kX.size(); ++i) out[i] = std::exp(t[0]) * (1.0 - std::exp(-std::exp(t[1]) * kX[i]));
}

TEST(LeastSquares, FindsTheCertifiedParametersOfMisra1a) {
  const std::array<Prior, 2> flat = {{{0.0, 1e4}, {0.0, 1e4}}};
  const LeastSquaresProblem problem{.predict = &misra, .observations = kY, .noise_sigma = 10.0, .priors = flat};
  const std::vector<double> start = {std::log(500.0), std::log(1e-4)};
  const LeastSquaresFit fit = fit_least_squares(problem, std::span<const double>(start));
  EXPECT_TRUE(fit.converged);
  EXPECT_NEAR(std::exp(fit.parameters[0]) / 238.94212918, 1.0, 1e-4);
  EXPECT_NEAR(std::exp(fit.parameters[1]) / 5.5015643181e-4, 1.0, 1e-4);
  // Certified deviation 2.7070075 at a residual deviation of 0.10187876; ours is for a deviation of 10, of the logarithm.
  EXPECT_NEAR(std::sqrt(fit.variance(0)) / (2.7070075241 / 238.94212918 * 10.0 / 0.1018787633), 1.0, 0.01);
}

TEST(LeastSquares, IsHardlyMovedByOneOutlier) {
  const auto line = [](std::span<const double> t, std::span<double> out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = t[0] + t[1] * static_cast<double>(i);
  };
  std::vector<double> y;
  for (int i = 0; i < 20; ++i) y.push_back(1.0 + 0.5 * i);
  y[10] += 50.0;
  const std::array<Prior, 2> flat = {{{0.0, 1e3}, {0.0, 1e3}}};
  const LeastSquaresProblem problem{.predict = line, .observations = y, .noise_sigma = 0.1, .priors = flat};
  const std::vector<double> start = {0.0, 0.0};
  const LeastSquaresFit fit = fit_least_squares(problem, std::span<const double>(start));
  EXPECT_NEAR(fit.parameters[0], 1.0, 0.02);
  EXPECT_NEAR(fit.parameters[1], 0.5, 0.002);
}

TEST(LeastSquares, KeepsThePriorWhereNothingIsObserved) {
  const auto constant = [](std::span<const double> t, std::span<double> out) { out[0] = t[0]; };
  const std::array<double, 1> y = {2.0};
  const std::array<Prior, 2> priors = {{{0.0, 1.0}, {7.0, 0.3}}};
  const LeastSquaresProblem problem{.predict = constant, .observations = y, .noise_sigma = 1.0, .priors = priors};
  const std::vector<double> start = {0.5, 6.0};
  const LeastSquaresFit fit = fit_least_squares(problem, std::span<const double>(start));
  EXPECT_NEAR(fit.parameters[1], 7.0, 1e-6);
  EXPECT_NEAR(std::sqrt(fit.variance(1)), 0.3, 1e-6);
  // Half way between prior 0 and observation 2, a little nearer to the prior: the loss of an observation grows slower.
  EXPECT_GT(fit.parameters[0], 0.7);
  EXPECT_LT(fit.parameters[0], 1.0);
}

}  // namespace
}  // namespace labtwin::calibration
