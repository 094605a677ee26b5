#include "models/calibration/rpc_latency.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "models/calibration/median.hpp"
#include "models/calibration/network_row.hpp"
#include "models/network/request_response.hpp"

namespace labtwin::calibration {
namespace {

constexpr std::uint64_t kSeed = 1;
// Draws per row: as many as the packets of a row allow, and enough for its tail.
constexpr double kMaxSegments = 4e5;
constexpr double kMinDraws = 200.0;
constexpr double kMaxDraws = 20000.0;
constexpr double kDefaultNum = 1000.0;

// Half-widths of the 90 % interval of the logarithm beyond the scatter of n requests: residuals of the fit rows of
// calibration/data/linux-tcp/rpc_latency.
constexpr double kLosslessWidth = 0.03;
constexpr double kLossWidth = 0.06;
constexpr double kReorderedWidth = 1.0;
constexpr double kLoadedWidth = 0.6;
// A machine with its own load takes longer by this factor in the median.
constexpr double kLoadedFactor = 1.15;

/// A column and the quantile that it holds; 0 marks the mean.
struct Column {
  std::string_view name;
  double u = 0.0;
};
constexpr std::array<Column, 6> kTotals{
    {{"mean_us", 0.0}, {"p50_us", 0.5}, {"p90_us", 0.9}, {"p95_us", 0.95}, {"p99_us", 0.99}, {"p999_us", 0.999}}};
constexpr std::array<Column, 3> kConnects{{{"connect_p50_us", 0.5}, {"connect_p95_us", 0.95}, {"connect_p99_us", 0.99}}};

/// A row and what was drawn for it.
struct Drawn {
  NetworkRow settings;
  network::RequestTimes times;
  double num_requests = kDefaultNum;
  double width = kLossWidth;
  std::string group;
};

struct Mean {
  double value = 0.0;
  double deviation = 0.0;
};

Mean mean_of(const std::vector<double>& values) {
  double sum = 0.0;
  double square = 0.0;
  for (const double v : values) {
    sum += v;
    square += v * v;
  }
  const auto num = static_cast<double>(values.size());
  return {sum / num, std::sqrt(std::max(square / num - (sum / num) * (sum / num), 0.0))};
}

/// The band of this many standard deviations of their number below it in which a quantile of n requests lies.
Estimate band(const std::vector<double>& sorted, double u, double num_requests, double deviations) {
  const double sigma = std::sqrt(u * (1.0 - u) / num_requests);
  return {1e6 * network::quantile_of_sorted(sorted, u), 1e6 * network::quantile_of_sorted(sorted, u - deviations * sigma),
          1e6 * network::quantile_of_sorted(sorted, u + deviations * sigma)};
}

/// Law:    the h-th smallest of n values, h = 1 + u (n - 1), lies at a fraction of their distribution that is distributed as
///         Beta(h, n + 1 - h); the estimate is the median of that, the interval its middle 90 %.
/// Why:    at 0.5 % of loss one request in 100 waits for a timeout: a p99 of 1000 requests is on either side of a gap.
/// Source: order statistics, David and Nagaraja 2003, section 2.1.
Estimate quantile_of_sample(const std::vector<double>& sorted, double u, double num_requests) {
  const double order = 1.0 + u * (num_requests - 1.0);
  const auto at = [&](double q) {
    return 1e6 * network::quantile_of_sorted(sorted, boost::math::ibeta_inv(order, num_requests + 1.0 - order, q));
  };
  return {at(0.5), at(0.05), at(0.95)};
}

Estimate estimate_of(const Drawn& drawn, const std::vector<double>& sorted, const Column& column) {
  Estimate estimate;
  if (column.u > 0.0) {
    estimate = quantile_of_sample(sorted, column.u, drawn.num_requests);
  } else {
    const Mean mean = mean_of(sorted);
    const double error = kNormal90 * mean.deviation / std::sqrt(drawn.num_requests);
    estimate = {1e6 * mean.value, 1e6 * std::max(mean.value - error, sorted.front()), 1e6 * (mean.value + error)};
  }
  const double factor = drawn.settings.is_real_time ? kLoadedFactor : 1.0;
  return {estimate.value * factor, estimate.low * factor * std::exp(-drawn.width),
          estimate.high * factor * std::exp(drawn.width)};
}

double width_of(const NetworkRow& row) {
  if (row.is_real_time) return kLoadedWidth;
  if (row.path.jitter > Seconds{}) return kReorderedWidth;
  return row.path.to_client.mean() > 0.0 ? kLossWidth : kLosslessWidth;
}

std::string group_of(const NetworkRow& row) {
  constexpr double kNear = 0.001;
  constexpr double kHighLoss = 0.01;
  const double loss = row.path.to_client.mean();
  if (row.is_real_time) return "loaded machine";
  if (row.path.jitter > Seconds{} || row.path.at_once > 0.0) return "reordering";
  if (loss <= 0.0) return "no loss";
  return row.path.round_trip.value() <= kNear && loss > kHighLoss ? "loss: beyond 1 %, to 1 ms" : "loss: elsewhere";
}

Drawn draw(const MeasurementTable& table, std::size_t row) {
  Drawn drawn{.settings = read_network_row(table, row), .times = {}, .num_requests = kDefaultNum, .width = 0.0, .group = {}};
  const auto request = table.number(row, "req_bytes");
  const auto response = table.number(row, "resp_bytes");
  if (drawn.settings.problem.empty() && (!request || !response || *request <= 0.0 || *response <= 0.0)) {
    drawn.settings.problem = "req_bytes or resp_bytes is missing";
  }
  const std::string_view mode = table.text(row, "mode");
  if (mode != "keep" && mode != "new") drawn.settings.problem = fmt::format("mode `{}` is neither keep nor new", mode);
  if (drawn.settings.path.to_client.mean() >= 1.0)
    drawn.settings.problem = "no request gets across a path that loses all packets";
  if (!drawn.settings.problem.empty()) return drawn;
  const network::Exchange exchange{.connect_each_time = mode == "new",
                                   .request = Bytes::from_base(*request),
                                   .response = Bytes::from_base(*response),
                                   .think = Seconds::from_base(table.number(row, "think_us").value_or(0.0) * 1e-6)};
  drawn.num_requests = std::max(table.number(row, "n").value_or(kDefaultNum), 1.0);
  const double segments = (*request + *response) / drawn.settings.settings.segment_bytes() + 2.0;
  const auto num = static_cast<std::size_t>(std::clamp(kMaxSegments / segments, kMinDraws, kMaxDraws));
  drawn.times = network::draw_requests(drawn.settings.path, drawn.settings.settings, exchange,
                                       RandomSource(kSeed, 0).stream("network.requests"), num);
  drawn.width = width_of(drawn.settings);
  drawn.group = group_of(drawn.settings);
  return drawn;
}

/// How far a measured quantile lies from the band of two standard deviations of the row's n, per cent.
double distance_to(const Estimate& band, double measured) {
  if (measured < band.low) return 100.0 * (band.low / measured - 1.0);
  if (measured > band.high) return 100.0 * (1.0 - band.high / measured);
  return 0.0;
}

void predict(const MeasurementTable& table, std::size_t row, Evaluation& evaluation) {
  constexpr double kBandDeviations = 2.0;
  const Drawn drawn = draw(table, row);
  const auto add = [&](const Column& column, const std::vector<double>& sorted) {
    if (!drawn.settings.problem.empty()) {
      evaluation.predictions.push_back(unpredicted(table, row, column.name, drawn.settings.problem));
      return;
    }
    // A kept connection has no handshake: what is measured of it is 0.
    const Estimate estimate = sorted.empty() ? Estimate{} : estimate_of(drawn, sorted, column);
    const auto measured = table.number(row, column.name);
    std::optional<double> off_band;
    if (measured && *measured > 0.0 && column.u > 0.0 && !sorted.empty()) {
      off_band = distance_to(band(sorted, column.u, drawn.num_requests, kBandDeviations), *measured);
    }
    evaluation.predictions.push_back({.row = row + 1,
                                      .quantity = std::string(column.name),
                                      .group = drawn.group,
                                      .measured = measured,
                                      .estimate = estimate,
                                      .grade = drawn.settings.is_real_time ? Grade::Assumed : Grade::Fitted,
                                      .note = drawn.settings.is_real_time ? "a machine with its own load" : "",
                                      .band_distance_pct = off_band});
  };
  for (const Column& column : kTotals) add(column, drawn.times.total);
  for (const Column& column : kConnects) add(column, drawn.times.connect);
}

}  // namespace

Evaluation evaluate_rpc_latency(const MeasurementTable& table, const Progress& progress) {
  Evaluation evaluation;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    if (table.split(row) != Split::HeldOut) continue;
    predict(table, row, evaluation);
    if (progress) progress(static_cast<double>(row + 1) / static_cast<double>(table.num_rows()));
  }
  return evaluation;
}

}  // namespace labtwin::calibration
