#include "models/calibration/tcp_bulk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "models/calibration/median.hpp"
#include "models/calibration/network_row.hpp"
#include "models/network/goodput.hpp"

namespace labtwin::calibration {
namespace {

constexpr std::string_view kQuantity = "goodput_mbit";
constexpr std::uint64_t kSeed = 1;
constexpr std::size_t kNumDraws = 16;
constexpr double kMaxSegments = 1e6;
// Product of rate and round trip that slow start fills while the first seconds are left out.
constexpr double kShortRampBytes = 2.5e6;

// From the fit rows of calibration/data/linux-tcp/tcp_bulk: the standard deviations of the logarithm that the draws do not
// have.
constexpr double kLossSigma = 0.06;
constexpr double kRampSigma = 0.12;
constexpr double kWireSigma = 0.005;
// A machine with its own load: goodput there is 0.57 to 0.96 of what the protocol allows.
constexpr double kLoadedShare = 0.88;
constexpr double kLoadedSigma = 0.15;

struct Goodput {
  double mbit = 0.0;
  double log_sigma = 0.0;
};

double to_mbit(BytesPerSecond rate) {
  return rate.value() * 8e-6;
}

Goodput draw(const NetworkRow& row, const network::MeasuredSpan& span) {
  const RandomStream stream = RandomSource(kSeed, 0).stream("network.bulk");
  std::vector<double> logs;
  for (const BytesPerSecond rate : network::draw_goodput(row.path, row.settings, span, stream, kNumDraws, kMaxSegments)) {
    logs.push_back(std::log(std::max(to_mbit(rate), 1e-3)));
  }
  const double middle = median(logs);
  double square = 0.0;
  for (const double log : logs) square += (log - middle) * (log - middle);
  const double spread = logs.size() > 1 ? std::sqrt(square / static_cast<double>(logs.size() - 1)) : 0.0;
  const double wire = to_mbit(network::wire_goodput(row.path.rate, row.settings.mtu));
  const double share = std::exp(middle) / wire;
  // The nearer to the wire, the less losses decide.
  const double limited = row.path.to_client.mean() > 0.0 ? 1.0 - std::pow(share, 4.0) : 0.0;
  const double discrepancy = row.path.to_client.mean() > 0.0 ? kLossSigma * limited + kWireSigma : kRampSigma;
  return {std::exp(middle), std::hypot(spread, discrepancy)};
}

Estimate predict_bbr(const NetworkRow& row) {
  constexpr double kCollapsedLow = 0.06;
  constexpr double kCollapsedHigh = 1.9;
  const network::BbrGoodput goodput = network::bbr_goodput(row.path, row.settings);
  const double mbit = to_mbit(goodput.rate);
  if (goodput.may_collapse) return {mbit, mbit * kCollapsedLow, mbit * kCollapsedHigh};
  const double left = to_mbit(network::lossless_goodput(row.path, row.settings)) * (1.0 - row.path.to_client.mean());
  return {mbit, mbit * std::exp(-0.008 - 0.2 * row.path.round_trip.value()), left * 1.004};
}

Estimate predict(const NetworkRow& row, const network::MeasuredSpan& span) {
  if (row.settings.control == network::CongestionControl::Bbr) return predict_bbr(row);
  const double product = row.path.rate.value() * row.path.round_trip.value();
  Goodput goodput{to_mbit(network::lossless_goodput(row.path, row.settings)), kWireSigma};
  if (row.path.to_client.mean() > 0.0 || product >= kShortRampBytes) goodput = draw(row, span);
  Estimate estimate = log_interval(goodput.mbit, kNormal90 * goodput.log_sigma);
  estimate.high = std::min(estimate.high, to_mbit(network::wire_goodput(row.path.rate, row.settings.mtu)) * 1.001);
  return estimate;
}

Estimate on_a_loaded_machine(const Estimate& estimate) {
  return {estimate.value * kLoadedShare, estimate.low * kLoadedShare * std::exp(-kNormal90 * kLoadedSigma), estimate.high};
}

std::string group_of(const NetworkRow& row) {
  if (row.is_real_time) return "loaded machine";
  const bool is_short = row.path.rate.value() * row.path.round_trip.value() <= kShortRampBytes;
  if (row.path.to_client.mean() <= 0.0) return is_short ? "no loss: up to 2.5 MB" : "no loss: beyond";
  return row.settings.control == network::CongestionControl::Bbr ? "loss: bbr" : "loss: cubic and reno";
}

// Repeats of one cell have one prediction.
std::string cell_of(const MeasurementTable& table, std::size_t row) {
  std::string cell;
  for (const std::string_view column : {"env", "rate_mbit", "rtt_us", "loss_pct", "extra_netem", "cc", "mtu", "queue_bytes",
                                        "rmem_max", "wmem_max", "omit_s", "dur_s"}) {
    cell += fmt::format("{}|", table.text(row, column));
  }
  return cell;
}

}  // namespace

Evaluation evaluate_tcp_bulk(const MeasurementTable& table, const Progress& progress) {
  Evaluation evaluation;
  std::map<std::string, Estimate> known;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    if (table.split(row) != Split::HeldOut) continue;
    const NetworkRow settings = read_network_row(table, row);
    const double duration = table.number(row, "dur_s").value_or(10.0);
    if (!settings.problem.empty() || duration <= 0.0) {
      const std::string why = settings.problem.empty() ? "dur_s must be greater than 0" : settings.problem;
      evaluation.predictions.push_back(unpredicted(table, row, kQuantity, why));
      continue;
    }
    const auto [at, is_new] = known.try_emplace(cell_of(table, row));
    if (is_new) {
      const double omitted = table.number(row, "omit_s").value_or(0.0);
      at->second = predict(settings, {Seconds::from_base(omitted), Seconds::from_base(duration)});
      if (settings.is_real_time) at->second = on_a_loaded_machine(at->second);
    }
    evaluation.predictions.push_back({.row = row + 1,
                                      .quantity = std::string(kQuantity),
                                      .group = group_of(settings),
                                      .measured = table.number(row, kQuantity),
                                      .estimate = at->second,
                                      .grade = Grade::Fitted,
                                      .note = {}});
    if (progress) progress(static_cast<double>(row + 1) / static_cast<double>(table.num_rows()));
  }
  return evaluation;
}

}  // namespace labtwin::calibration
