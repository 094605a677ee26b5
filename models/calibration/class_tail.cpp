#include "models/calibration/class_tail.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <set>

namespace labtwin::calibration {
namespace {

using Tails = std::vector<DeviceTail>;
using Vector = Eigen::Matrix<double, static_cast<int>(kNumTailCoefficients), 1>;
using Matrix = Eigen::Matrix<double, static_cast<int>(kNumTailCoefficients), static_cast<int>(kNumTailCoefficients)>;

// Rows that pull as much as the prior does. Chosen by leaving one device out, with 0.3 and 10 within 3 %.
constexpr double kRidge = 3.0;
constexpr double kRidgeOfLevel = 0.3;
constexpr int kNumRounds = 20;
constexpr double kLeastResidual = 0.15;  // below it squares count, not absolute values
constexpr std::size_t kMinDevices = 3;

// What one row says of the coefficients: how the law answers to each.
Vector slopes(const TailPoint& point) {
  Vector result;
  for (std::size_t i = 0; i < kNumTailCoefficients; ++i) {
    TailCoefficients unit{};
    unit[i] = 1.0;
    result[static_cast<Eigen::Index>(i)] = class_excess(unit, point);
  }
  return result;
}

std::vector<double> device_weights(const Tails& tails) {
  std::map<std::string, double> rows;
  for (const DeviceTail& t : tails) rows[t.device] += 1.0;
  const double of_device = static_cast<double>(tails.size()) / static_cast<double>(rows.size());
  std::vector<double> weights;
  for (const DeviceTail& t : tails) weights.push_back(of_device / rows[t.device]);
  return weights;
}

// Least absolute deviations by weights that are renewed.
TailCoefficients fit(const Tails& tails, const TailCoefficients& towards) {
  TailCoefficients result = towards;
  if (tails.empty()) return result;
  const std::vector<double> weights = device_weights(tails);
  for (int round = 0; round < kNumRounds; ++round) {
    Matrix normal = Vector(kRidgeOfLevel, kRidge, kRidge).asDiagonal();
    Vector right = Vector::Zero();
    for (std::size_t i = 0; i < tails.size(); ++i) {
      const double residual = std::abs(tails[i].excess - class_excess(result, tails[i].point));
      const double weight = round == 0 ? weights[i] : weights[i] * kLeastResidual / std::max(residual, kLeastResidual);
      const Vector row = slopes(tails[i].point);
      normal += weight * row * row.transpose();
      right += weight * row * (tails[i].excess - class_excess(towards, tails[i].point));
    }
    const Vector departure = normal.ldlt().solve(right);
    for (std::size_t i = 0; i < kNumTailCoefficients; ++i) result[i] = towards[i] + departure[static_cast<Eigen::Index>(i)];
  }
  return result;
}

Tails without(const Tails& tails, const std::string& device) {
  Tails others;
  std::copy_if(tails.begin(), tails.end(), std::back_inserter(others), [&](const auto& t) { return t.device != device; });
  return others;
}

struct LeftOut {
  double error = 0.0;
  double weight = 0.0;
};

// Errors of each device from a fit to the others.
std::vector<LeftOut> left_out_errors(const Tails& tails, const TailCoefficients& towards) {
  std::set<std::string> devices;
  for (const DeviceTail& t : tails) devices.insert(t.device);
  const std::vector<double> weights = device_weights(tails);
  std::vector<LeftOut> errors;
  for (const std::string& device : devices) {
    const TailCoefficients of_others = fit(without(tails, device), towards);
    for (std::size_t i = 0; i < tails.size(); ++i) {
      if (tails[i].device != device) continue;
      errors.push_back({std::abs(tails[i].excess - class_excess(of_others, tails[i].point)), weights[i]});
    }
  }
  return errors;
}

double weighted_quantile90(std::vector<LeftOut> errors) {
  std::sort(errors.begin(), errors.end(), [](const auto& a, const auto& b) { return a.error < b.error; });
  double total = 0.0;
  for (const LeftOut& e : errors) total += e.weight;
  double below = 0.0;
  for (const LeftOut& e : errors) {
    below += e.weight;
    if (below >= 0.9 * total) return e.error;
  }
  return 0.0;
}

}  // namespace

std::map<std::string, ClassTail> fit_class_tails(const std::map<std::string, std::vector<DeviceTail>>& by_class) {
  Tails all;
  for (const auto& [name, tails] : by_class) all.insert(all.end(), tails.begin(), tails.end());
  const TailCoefficients of_all = fit(all, {});
  std::map<std::string, ClassTail> result;
  std::vector<LeftOut> every_error;
  for (const auto& [name, tails] : by_class) {
    std::set<std::string> devices;
    for (const DeviceTail& t : tails) devices.insert(t.device);
    const std::vector<LeftOut> errors = left_out_errors(tails, of_all);
    every_error.insert(every_error.end(), errors.begin(), errors.end());
    const double own = devices.size() < kMinDevices ? 0.0 : weighted_quantile90(errors);
    result[name] = {.coefficients = fit(tails, of_all), .spread = own};
  }
  const double spread = weighted_quantile90(every_error);
  for (auto& [name, tail] : result) {
    if (tail.spread == 0.0) tail.spread = spread;
  }
  result[kAllClasses] = {.coefficients = of_all, .spread = spread};
  return result;
}

}  // namespace labtwin::calibration
