#pragma once

// Least squares with priors and outliers. Laws are fitted in log space, so that a residual is a relative error, with what is
// known beforehand as Gaussian priors: a drive measured at two depths gets its knee from its class, one measured at twenty
// from itself.

#include <functional>
#include <span>
#include <vector>

namespace labtwin::calibration {

/// What is known of a parameter before any row is seen: normal with this mean and standard deviation.
struct Prior {
  double mean = 0.0;
  double sigma = 1.0;  ///< > 0
  /// Departures of many sigma are dear at first and ever cheaper after: for parameters that have one value nearly always and
  /// quite another sometimes. Gaussian if false.
  bool heavy_tailed = false;
};

/// One fit. `predict` writes the model's value for every observation.
struct LeastSquaresProblem {
  std::function<void(std::span<const double> parameters, std::span<double> predictions)> predict;
  std::span<const double> observations;
  double noise_sigma = 0.02;  ///< standard deviation of an observation, > 0
  std::span<const Prior> priors;
};

struct LeastSquaresFit {
  std::vector<double> parameters;
  std::vector<double> covariance;  ///< row by row, num_parameters squared
  double cost = 0.0;               ///< half the sum of the losses, priors included
  int num_iterations = 0;
  bool converged = false;

  [[nodiscard]] double variance(std::size_t i) const { return covariance[i * parameters.size() + i]; }
};

/// Law:    minimises the sum over observations of rho((prediction - observation) / noise_sigma) plus the priors, with
///         rho(z) = k log(1 + z^2 / k), k = 3 (half the log-likelihood of a Student t), by Levenberg-Marquardt with a forward
///         difference Jacobian; covariance = (J^T J)^-1 at the minimum, weights of the loss included.
/// Inputs: a start for every parameter; as many priors as parameters.
/// Valid:  smooth models of few parameters. A fit that does not converge says so and keeps the best point.
/// Source: Marquardt 1963; the trust-region update of Nielsen 1999.
/// Error:  certified values of NIST StRD Misra1a to 4 digits (tests/unit/calibration).
[[nodiscard]] LeastSquaresFit fit_least_squares(const LeastSquaresProblem& problem, std::span<const double> start);

/// The best of several starts.
[[nodiscard]] LeastSquaresFit fit_least_squares(const LeastSquaresProblem& problem,
                                                std::span<const std::vector<double>> starts);

}  // namespace labtwin::calibration
