#include "models/calibration/pooled_fit.hpp"

#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <algorithm>
#include <cmath>
#include <map>

namespace labtwin::calibration {
namespace {

constexpr double kFreedom = 2.0;
constexpr int kMaxIterations = 14;
constexpr int kMaxSolverSteps = 60;
constexpr double kLargestStep = 1.5;
constexpr double kLargestLog = 12.0;
constexpr double kSharpness = 4.0;  // of the longer of two that run beside each other

using Vector = Eigen::VectorXd;
using Matrix = Eigen::SparseMatrix<double, Eigen::RowMajor>;

double cost_of(std::span<const PooledRow> rows, double noise, std::span<const PooledEffect> effects) {
  double cost = 0.0;
  for (const PooledRow& row : rows) {
    const double z = (row.log_measured - predict_pooled(row, effects).log_value) / noise;
    cost += row.weight * 0.5 * (kFreedom + 1.0) * std::log1p(z * z / kFreedom);
  }
  for (const PooledEffect& e : effects) {
    const double z = (e.value - e.mean) / e.prior_sigma;
    cost += 0.5 * z * z;
  }
  return cost;
}

/// The rows' weighted residuals and their derivatives at the present values.
struct Linearised {
  Matrix jacobian;
  Vector residuals;
};

Linearised linearise(std::span<const PooledRow> rows, double noise, std::span<const PooledEffect> effects) {
  const auto num_rows = static_cast<Eigen::Index>(rows.size());
  std::vector<Eigen::Triplet<double>> entries;
  Linearised result{.jacobian = Matrix(num_rows, static_cast<Eigen::Index>(effects.size())), .residuals = Vector(num_rows)};
  for (Eigen::Index r = 0; r < num_rows; ++r) {
    const PooledRow& row = rows[static_cast<std::size_t>(r)];
    const PooledPrediction prediction = predict_pooled(row, effects);
    const double residual = row.log_measured - prediction.log_value;
    const double z = residual / noise;
    const double root = std::sqrt(row.weight * (kFreedom + 1.0) / (kFreedom + z * z)) / noise;
    result.residuals(r) = root * residual;
    for (const EffectUse& use : prediction.gradient) {
      entries.emplace_back(static_cast<int>(r), static_cast<int>(use.effect), root * use.weight);
    }
  }
  result.jacobian.setFromTriplets(entries.begin(), entries.end());
  return result;
}

// Preconditioned conjugate gradients on (J^T J + P) x = b without forming J^T J, which is dense: every card meets every model.
Vector solve(const Matrix& jacobian, const Vector& precision, const Vector& diagonal, const Vector& right) {
  Vector x = Vector::Zero(right.size());
  Vector residual = right;
  Vector scaled = residual.cwiseQuotient(diagonal);
  Vector direction = scaled;
  double size = residual.dot(scaled);
  const double enough = 1e-6 * size;
  for (int step = 0; step < kMaxSolverSteps && size > enough; ++step) {
    const Vector along = jacobian * direction;
    const Vector image = jacobian.transpose() * along + precision.cwiseProduct(direction);
    const double length = size / direction.dot(image);
    x += length * direction;
    residual -= length * image;
    scaled = residual.cwiseQuotient(diagonal);
    const double next = residual.dot(scaled);
    direction = scaled + (next / size) * direction;
    size = next;
  }
  return x;
}

}  // namespace

double PooledPrediction::variance(std::span<const PooledEffect> effects) const {
  double sum = 0.0;
  for (const EffectUse& use : gradient) {
    const double sigma = use.weight * effects[use.effect].sigma;
    sum += sigma * sigma;
  }
  return sum;
}

PooledPrediction predict_pooled(const PooledRow& row, std::span<const PooledEffect> effects) {
  std::vector<double> sizes;
  double sum = 0.0;
  for (const PooledTerm& term : row.terms) {
    double log_factor = 0.0;
    for (const EffectUse& use : term.uses) log_factor += use.weight * effects[use.effect].value;
    sizes.push_back(term.base * std::exp(std::clamp(log_factor, -kLargestLog, kLargestLog)));
    if (!term.is_beside) sum += sizes.back();
  }
  // Everything as a share of the sum: powers of microseconds would vanish.
  double powers = 1.0;
  for (std::size_t t = 0; t < sizes.size(); ++t) {
    if (row.terms[t].is_beside) powers += std::pow(sizes[t] / sum, kSharpness);
  }
  PooledPrediction prediction{.log_value = std::log(sum) + std::log(powers) / kSharpness, .gradient = {}};
  std::map<std::size_t, double> gradient;
  for (std::size_t t = 0; t < sizes.size(); ++t) {
    const double ratio = sizes[t] / sum;
    const double share = (row.terms[t].is_beside ? std::pow(ratio, kSharpness) : ratio) / powers;
    for (const EffectUse& use : row.terms[t].uses) gradient[use.effect] += share * use.weight;
  }
  for (const auto& [effect, weight] : gradient) prediction.gradient.push_back({effect, weight});
  return prediction;
}

void fit_pooled(std::span<const PooledRow> rows, double noise_sigma, std::vector<PooledEffect>& effects) {
  for (PooledEffect& effect : effects) effect.value = effect.mean;
  refine_pooled(rows, noise_sigma, effects);
}

void refine_pooled(std::span<const PooledRow> rows, double noise_sigma, std::vector<PooledEffect>& effects) {
  const auto n = static_cast<Eigen::Index>(effects.size());
  Vector precision(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const PooledEffect& e = effects[static_cast<std::size_t>(i)];
    precision(i) = 1.0 / (e.prior_sigma * e.prior_sigma);
  }
  double cost = cost_of(rows, noise_sigma, effects);
  Vector diagonal = precision;
  for (int iteration = 0; iteration < kMaxIterations; ++iteration) {
    const Linearised at = linearise(rows, noise_sigma, effects);
    diagonal = precision;
    for (Eigen::Index r = 0; r < at.jacobian.outerSize(); ++r) {
      for (Matrix::InnerIterator it(at.jacobian, r); it; ++it) diagonal(it.col()) += it.value() * it.value();
    }
    Vector right = at.jacobian.transpose() * at.residuals;
    for (Eigen::Index i = 0; i < n; ++i) {
      const PooledEffect& e = effects[static_cast<std::size_t>(i)];
      right(i) -= (e.value - e.mean) * precision(i);
    }
    const Vector step = solve(at.jacobian, precision, diagonal, right);
    const std::vector<PooledEffect> before = effects;
    double next = cost;
    for (double share = 1.0; share > 0.01; share /= 3.0) {
      for (std::size_t i = 0; i < effects.size(); ++i) {
        const double move = share * step(static_cast<Eigen::Index>(i));
        effects[i].value = before[i].value + std::clamp(move, -kLargestStep, kLargestStep);
      }
      next = cost_of(rows, noise_sigma, effects);
      if (next <= cost) break;
      effects = before;
    }
    const bool converged = next > cost || cost - next < 1e-5 * cost;
    cost = std::min(cost, next);
    if (converged) break;
  }
  for (std::size_t i = 0; i < effects.size(); ++i) {
    effects[i].sigma = 1.0 / std::sqrt(diagonal(static_cast<Eigen::Index>(i)));
  }
}

}  // namespace labtwin::calibration
