#include "models/calibration/levenberg_marquardt.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "models/base/error.hpp"

namespace labtwin::calibration {
namespace {

constexpr double kObservationTail = 3.0;
constexpr double kPriorTail = 3.0;
constexpr int kMaxIterations = 120;
constexpr double kStep = 1e-6;

// sqrt of the loss with the sign of z, so that its square is the loss and plain least squares minimise it.
double robust(double z, double tail) {
  return std::copysign(std::sqrt(tail * std::log1p(z * z / tail)), z);
}

class Residuals {
 public:
  explicit Residuals(const LeastSquaresProblem& problem) : problem_(problem), predictions_(problem.observations.size()) {}

  [[nodiscard]] Eigen::Index size() const {
    return static_cast<Eigen::Index>(problem_.observations.size() + problem_.priors.size());
  }

  void evaluate(const Eigen::VectorXd& x, Eigen::VectorXd& residuals) {
    problem_.predict({x.data(), static_cast<std::size_t>(x.size())}, predictions_);
    Eigen::Index i = 0;
    for (std::size_t k = 0; k < predictions_.size(); ++k) {
      residuals[i++] = robust((predictions_[k] - problem_.observations[k]) / problem_.noise_sigma, kObservationTail);
    }
    for (std::size_t k = 0; k < problem_.priors.size(); ++k) {
      const Prior& prior = problem_.priors[k];
      const double z = (x[static_cast<Eigen::Index>(k)] - prior.mean) / prior.sigma;
      residuals[i++] = prior.heavy_tailed ? robust(z, kPriorTail) : z;
    }
  }

  void jacobian(const Eigen::VectorXd& x, const Eigen::VectorXd& at_x, Eigen::MatrixXd& result) {
    Eigen::VectorXd shifted = x;
    Eigen::VectorXd at_shifted(size());
    for (Eigen::Index j = 0; j < x.size(); ++j) {
      const double h = kStep * std::max(1.0, std::abs(x[j]));
      shifted[j] = x[j] + h;
      evaluate(shifted, at_shifted);
      result.col(j) = (at_shifted - at_x) / h;
      shifted[j] = x[j];
    }
  }

 private:
  const LeastSquaresProblem& problem_;
  std::vector<double> predictions_;
};

std::vector<double> inverse(const Eigen::MatrixXd& information) {
  const Eigen::Index n = information.rows();
  const Eigen::MatrixXd covariance = information.ldlt().solve(Eigen::MatrixXd::Identity(n, n));
  std::vector<double> values(static_cast<std::size_t>(n * n));
  Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(values.data(), n, n) = covariance;
  return values;
}

}  // namespace

LeastSquaresFit fit_least_squares(const LeastSquaresProblem& problem, std::span<const double> start) {
  LABTWIN_CHECK(problem.priors.size() == start.size(), "one prior per parameter");
  Residuals residuals(problem);
  Eigen::VectorXd x = Eigen::Map<const Eigen::VectorXd>(start.data(), static_cast<Eigen::Index>(start.size()));
  Eigen::VectorXd r(residuals.size());
  Eigen::VectorXd r_trial(residuals.size());
  Eigen::MatrixXd jacobian(residuals.size(), x.size());
  residuals.evaluate(x, r);
  residuals.jacobian(x, r, jacobian);
  LeastSquaresFit fit;
  fit.cost = 0.5 * r.squaredNorm();
  double damping = 1e-3;
  double growth = 2.0;
  for (; fit.num_iterations < kMaxIterations && !fit.converged; ++fit.num_iterations) {
    Eigen::MatrixXd information = jacobian.transpose() * jacobian;
    const Eigen::VectorXd gradient = jacobian.transpose() * r;
    const Eigen::VectorXd scale = information.diagonal().cwiseMax(1e-12);
    information.diagonal() += damping * scale;
    const Eigen::VectorXd step = -information.ldlt().solve(gradient);
    const Eigen::VectorXd trial = x + step;
    residuals.evaluate(trial, r_trial);
    const double cost = 0.5 * r_trial.squaredNorm();
    const double expected = 0.5 * step.dot(damping * scale.cwiseProduct(step) - gradient);
    const double gain = (fit.cost - cost) / std::max(expected, 1e-300);
    if (std::isfinite(cost) && gain > 0.0) {
      fit.converged = fit.cost - cost < 1e-9 * (1.0 + fit.cost) && step.norm() < 1e-5 * (1.0 + x.norm());
      x = trial;
      r = r_trial;
      fit.cost = cost;
      residuals.jacobian(x, r, jacobian);
      damping *= std::max(1.0 / 3.0, 1.0 - std::pow(2.0 * gain - 1.0, 3.0));
      growth = 2.0;
    } else {
      // No downhill step however short: the minimum, within the precision of the differences.
      fit.converged = damping > 1e12;
      damping *= growth;
      growth *= 2.0;
    }
  }
  fit.parameters.assign(x.data(), x.data() + x.size());
  fit.covariance = inverse(jacobian.transpose() * jacobian);
  return fit;
}

LeastSquaresFit fit_least_squares(const LeastSquaresProblem& problem, std::span<const std::vector<double>> starts) {
  LABTWIN_CHECK(!starts.empty(), "a fit needs a start");
  LeastSquaresFit best;
  for (const std::vector<double>& start : starts) {
    LeastSquaresFit fit = fit_least_squares(problem, std::span<const double>(start));
    if (best.parameters.empty() || fit.cost < best.cost) best = std::move(fit);
  }
  return best;
}

}  // namespace labtwin::calibration
