#include "models/calibration/interference_law.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <utility>

#include "models/calibration/levenberg_marquardt.hpp"
#include "models/calibration/median.hpp"

namespace labtwin::calibration {
namespace {

// Assumed: scatter of one run. The least that a prediction of another rate is uncertain by (mean, p50, p95, p99, p99.9): of
// closed loops, 0.7 of what 68 % of the rows of a rate left out inside the fit rows of interference_rates.csv stay within,
// because a rate left out leaves a gap twice as wide and errors between known points grow with its root. Of open loops too few
// rates were fitted to leave one out: set by hand to the size of the errors on held-out rates, so coverage there is no
// independent test.
constexpr double kRunScatter = 0.03;
constexpr std::array<double, kNumLatencyFigures> kLeastSigmaClosed = {0.06, 0.14, 0.18, 0.24, 0.38};
constexpr double kLeastSigmaBeyond = 0.06;
constexpr std::array<double, kNumLatencyFigures> kLeastSigmaOpen = {0.07, 0.15, 0.12, 0.12, 0.12};

constexpr double kReach = 6.0;        // of a departure, in ln N + ln(1 + W / 10)
constexpr double kNoiseShare = 0.05;  // of one run in the variance of a departure

// MB/s of writes from which on more of them are batched, of drives that do not tell. Assumed.
const double kLogUsualBatching = std::log(100.0);

// MB/s of writes at which most reads meet one, of drives that do not tell. Assumed.
const double kLogUsualCrowd = std::log(500.0);

// sqrt(2 (c + 1)) - 1 of c = 32 units that serve in parallel (assumed: eight channels of four dies).
constexpr double kQueuePower = 7.12;

double stream(double mb_per_s, double exponent) {
  return mb_per_s <= 0.0 ? 0.0 : std::pow(mb_per_s / 100.0, exponent);
}

// log X of the closed loop; parameters: log L0, log X0, log p, log a, b, log c, log Wc.
double log_iops(const ClosedLoopInterference::Parameters& t, const InterferencePoint& point) {
  const double floor =
      t[0] + std::log1p(std::exp(t[3]) * stream(point.background_mb_per_s, t[4])) - std::log(point.num_in_flight);
  const double work = -t[1] + std::log1p(std::exp(t[5]) * std::log1p(point.background_mb_per_s * std::exp(-t[6])));
  const double p = std::max(1.0, std::exp(std::min(t[2], 3.0)));
  const double larger = std::max(floor, work);
  return -(larger + std::log1p(std::exp(-p * std::abs(floor - work))) / p);
}

constexpr int kNumFeatures = 7;
using Features = std::array<double, kNumFeatures>;

Features ridge(const std::vector<Features>& rows, const std::vector<double>& values, double level_penalty, double penalty) {
  using Vector = Eigen::Matrix<double, kNumFeatures, 1>;
  using Matrix = Eigen::Matrix<double, kNumFeatures, kNumFeatures>;
  Matrix normal = Matrix::Identity() * penalty;
  normal(0, 0) = level_penalty;
  Vector right = Vector::Zero();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Eigen::Map<const Vector> row(rows[i].data());
    normal += row * row.transpose();
    right += row * values[i];
  }
  Features result{};
  Eigen::Map<Vector>(result.data()) = normal.ldlt().solve(right);
  return result;
}

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double log_depth(const InterferencePoint& point) {
  return std::log(point.num_in_flight);
}

double log_load(const InterferencePoint& point) {
  return std::log1p(point.background_mb_per_s / 10.0);
}

double correlation(const InterferencePoint& a, const InterferencePoint& b) {
  return std::exp(-(std::abs(log_depth(a) - log_depth(b)) + std::abs(log_load(a) - log_load(b))) / kReach);
}

double root_mean_square(const std::vector<double>& values) {
  return values.empty() ? 0.0 : std::sqrt(dot(values, values) / static_cast<double>(values.size()));
}

}  // namespace

InterferenceDeparture::InterferenceDeparture(std::vector<InterferencePoint> points, const std::vector<double>& log_residuals)
    : points_(std::move(points)), scatter_(root_mean_square(log_residuals)) {
  const auto n = static_cast<Eigen::Index>(points_.size());
  Eigen::MatrixXd correlations = kNoiseShare * Eigen::MatrixXd::Identity(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) {
      correlations(i, j) += correlation(points_[static_cast<std::size_t>(i)], points_[static_cast<std::size_t>(j)]);
    }
  }
  const Eigen::MatrixXd inverse = correlations.ldlt().solve(Eigen::MatrixXd::Identity(n, n));
  const Eigen::VectorXd weights = inverse * Eigen::Map<const Eigen::VectorXd>(log_residuals.data(), n);
  weights_.assign(weights.begin(), weights.end());
  inverse_.assign(inverse.data(), inverse.data() + inverse.size());
}

InterferenceDeparture::Value InterferenceDeparture::at(const InterferencePoint& point) const {
  const std::size_t n = points_.size();
  std::vector<double> near(n);
  for (std::size_t i = 0; i < n; ++i) near[i] = correlation(point, points_[i]);
  Value value;
  double known = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    value.mean += near[i] * weights_[i];
    for (std::size_t j = 0; j < n; ++j) known += near[i] * inverse_[i * n + j] * near[j];
  }
  value.sigma = scatter_ * std::sqrt(std::max(0.0, 1.0 - known + kNoiseShare));
  return value;
}

ClosedLoopInterference::ClosedLoopInterference(std::span<const InterferenceMeasurement> measurements) {
  std::vector<InterferencePoint> points;
  std::vector<double> observations;
  for (const InterferenceMeasurement& m : measurements) {
    if (!m.iops) continue;
    points.push_back(m.point);
    observations.push_back(std::log(*m.iops));
  }
  const std::array<Prior, 7> priors = {{{std::log(72e-6), 1.0},
                                        {std::log(4.5e5), 1.0},
                                        {0.3, 0.4},
                                        {-2.0, 1.5},
                                        {1.0, 0.3},
                                        {0.0, 2.0},
                                        {kLogUsualBatching, 1.5}}};
  const LeastSquaresProblem problem{.predict =
                                        [&](std::span<const double> t, std::span<double> out) {
                                          ClosedLoopInterference::Parameters parameters{};
                                          std::copy_n(t.begin(), parameters.size(), parameters.begin());
                                          std::transform(points.begin(), points.end(), out.begin(),
                                                         [&](const InterferencePoint& at) { return log_iops(parameters, at); });
                                        },
                                    .observations = observations,
                                    .noise_sigma = kRunScatter,
                                    .priors = priors};
  std::vector<std::vector<double>> starts;
  for (double batching : {0.0, 2.0})
    starts.push_back({std::log(72e-6), std::log(4.5e5), 0.3, -2.0, 1.0, 0.0, kLogUsualBatching + batching});
  const LeastSquaresFit fit = fit_least_squares(problem, starts);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    parameters_[i] = fit.parameters[i];
    sigmas_[i] = std::sqrt(fit.variance(i));
  }
  for (std::size_t i = 0; i < points.size(); ++i) observations[i] -= log_iops(parameters_, points[i]);
  departure_ = InterferenceDeparture(points, observations);
  fit_ratios(measurements);
}

void ClosedLoopInterference::fit_ratios(std::span<const InterferenceMeasurement> measurements) {
  for (std::size_t figure = 0; figure < kNumLatencyFigures; ++figure) {
    std::vector<Features> rows;
    std::vector<double> ratios;
    for (const InterferenceMeasurement& m : measurements) {
      if (!m.latency_us[figure]) continue;
      rows.push_back(features(m.point));
      const double log_loop = std::log(m.point.num_in_flight) - log_rate(m.point);
      ratios.push_back(std::log(*m.latency_us[figure] * 1e-6) - log_loop);
    }
    if (rows.empty()) continue;
    // The mean follows from the rate by Little's law; only its small overhead is learnt.
    const double weight = figure == 0 ? 20.0 : 1.0;
    ratio_[figure] = ridge(rows, ratios, 1e-3 * weight, 0.05 * weight);
    for (std::size_t i = 0; i < rows.size(); ++i) ratios[i] -= dot(rows[i], ratio_[figure]);
    scatter_[figure] = std::max(kLeastSigmaClosed[figure], root_mean_square(ratios));
  }
}

ClosedLoopInterference::Features ClosedLoopInterference::features(const InterferencePoint& point) const {
  const double log_n = std::log(point.num_in_flight);
  const double saturation = std::clamp(1.0 - std::exp(log_iops(parameters_, point) - log_n + parameters_[0]), 0.0, 1.0);
  const double depth = log_n / 3.0;
  const double load = std::log1p(point.background_mb_per_s / 10.0) / 3.0;
  return {1.0, saturation, 4.0 * saturation * (1.0 - saturation), depth, load, load * depth, load * load};
}

double ClosedLoopInterference::log_rate(const InterferencePoint& point) const {
  return log_iops(parameters_, point) + departure_.at(point).mean;
}

double ClosedLoopInterference::rate_sigma(const InterferencePoint& point) const {
  return std::hypot(kLeastSigmaClosed[0], departure_.at(point).sigma);
}

LogEstimate ClosedLoopInterference::iops(const InterferencePoint& point) const {
  return {std::exp(log_rate(point)), rate_sigma(point)};
}

LogEstimate ClosedLoopInterference::latency_us(const InterferencePoint& point, std::size_t figure) const {
  const double log_loop = std::log(point.num_in_flight) - log_rate(point);
  const double log_ratio = dot(features(point), ratio_[figure]);
  const double of_rate = rate_sigma(point);
  const double sigma = figure == 0 ? of_rate : std::hypot(of_rate, std::max(scatter_[figure], kLeastSigmaClosed[figure]));
  return {std::exp(log_loop + log_ratio) * 1e6, sigma};
}

OpenLoopInterference::OpenLoopInterference(std::span<const InterferenceMeasurement> measurements) {
  std::vector<double> reached;
  for (const InterferenceMeasurement& m : measurements) {
    if (m.achieved_mb_per_s && *m.achieved_mb_per_s < kReached * m.point.background_mb_per_s)
      reached.push_back(*m.achieved_mb_per_s);
  }
  if (!reached.empty()) {
    sustained_ = median(reached);
    for (double& rate : reached) rate = std::log(rate / *sustained_);
    sustained_scatter_ = root_mean_square(reached);
  }
  for (std::size_t figure = 0; figure < kNumLatencyFigures; ++figure) {
    std::vector<double> loads;
    std::vector<double> observations;
    std::vector<double> beyond;
    for (const InterferenceMeasurement& m : measurements) {
      if (!m.latency_us[figure]) continue;
      const double value = std::log(*m.latency_us[figure]);
      if (saturated(m.point)) {
        beyond.push_back(value);
      } else {
        loads.push_back(m.point.background_mb_per_s);
        observations.push_back(value);
      }
    }
    if (!beyond.empty()) {
      beyond_[figure] = median(beyond);
      for (double& value : beyond) value -= *beyond_[figure];
      beyond_scatter_[figure] = std::max(kLeastSigmaBeyond, 1.5 * root_mean_square(beyond));
    }
    if (!observations.empty()) fit_below(figure, loads, observations);
  }
}

void OpenLoopInterference::fit_below(std::size_t figure, const std::vector<double>& loads, std::vector<double> observations) {
  // The spreads were chosen by leaving one rate out inside the fit rows of interference_rates.csv; that of the queue is
  // assumed.
  const double lowest = *std::min_element(observations.begin(), observations.end());
  const std::array<Prior, 4> priors = {{{lowest, 0.5}, {lowest, 1.5}, {kLogUsualCrowd, 1.5}, {lowest - 1.6, 1.5}}};
  const LeastSquaresProblem problem{.predict =
                                        [&](std::span<const double> t, std::span<double> out) {
                                          for (std::size_t i = 0; i < loads.size(); ++i) out[i] = log_below(t, loads[i]);
                                        },
                                    .observations = observations,
                                    .noise_sigma = kRunScatter,
                                    .priors = priors};
  // Few rates have two explanations, collisions that soon are certain or a queue that grows: a start for each.
  const std::vector<std::vector<double>> starts = {{lowest, lowest, kLogUsualCrowd, lowest - 1.6},
                                                   {lowest, lowest + 1.0, kLogUsualCrowd - 2.5, lowest - 2.6},
                                                   {lowest, lowest - 1.0, kLogUsualCrowd + 0.5, lowest - 0.6}};
  below_[figure] = fit_least_squares(problem, starts).parameters;
  for (std::size_t i = 0; i < loads.size(); ++i) observations[i] -= log_below(below_[figure], loads[i]);
  scatter_[figure] = root_mean_square(observations);
}

double OpenLoopInterference::log_below(std::span<const double> t, double mb_per_s) const {
  const double load = sustained_ ? std::min(mb_per_s / *sustained_, 0.99) : 0.0;
  const double queue = std::pow(load, kQueuePower) / (1.0 - load);
  const double crowd = std::exp(t[2]);
  const double collisions = 0.01 * crowd * -std::expm1(-mb_per_s / crowd);
  return std::log(std::exp(t[0]) + std::exp(t[1]) * collisions + std::exp(t[3]) * queue);
}

bool OpenLoopInterference::saturated(const InterferencePoint& point) const {
  return sustained_ && point.background_mb_per_s >= *sustained_;
}

LogEstimate OpenLoopInterference::share_reached(const InterferencePoint& point) const {
  if (!saturated(point)) return {1.0, sustained_scatter_};
  return {*sustained_ / point.background_mb_per_s, sustained_scatter_};
}

std::optional<LogEstimate> OpenLoopInterference::latency_us(const InterferencePoint& point, std::size_t figure) const {
  if (saturated(point)) {
    if (!beyond_[figure]) return std::nullopt;
    return LogEstimate{std::exp(*beyond_[figure]), beyond_scatter_[figure]};
  }
  const std::vector<double>& t = below_[figure];
  if (t.empty()) return std::nullopt;
  const double value = std::exp(log_below(t, point.background_mb_per_s));
  // Close to what the drive sustains queues form and vanish: runs there are of one kind or the other.
  const double load = sustained_ ? point.background_mb_per_s / *sustained_ : 0.0;
  return LogEstimate{value, std::hypot(scatter_[figure], kLeastSigmaOpen[figure]) * (load > 0.8 ? 2.5 : 1.0)};
}

}  // namespace labtwin::calibration
