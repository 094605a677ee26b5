#include "models/calibration/tcp_share.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "models/base/text.hpp"
#include "models/network/goodput.hpp"
#include "models/network/sharing.hpp"

namespace labtwin::calibration {
namespace {

constexpr std::array<std::string_view, 3> kQuantities = {"goodput_mbit", "total_mbit", "jain"};

// Half-widths of 90 % intervals of the logarithm, from the fit rows of calibration/data/linux-tcp/tcp_share.
constexpr double kAlikeBbr = 0.15;
constexpr double kOtherwise = 1.1;
constexpr double kTotalBelow = 0.05;

struct Run {
  std::vector<network::FlowSettings> flows;
  BytesPerSecond wire;
  Seconds queue_delay;
  bool is_alike_bbr = true;
  std::string problem;
};

std::vector<std::string_view> split_at(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

void read_flows(const MeasurementTable& table, std::size_t row, Run& run) {
  const std::vector<std::string_view> mix = split_at(table.text(row, "cc_mix"), '+');
  const std::vector<std::string_view> round_trips = split_at(table.text(row, "rtts_us"), '/');
  for (std::size_t i = 0; i < round_trips.size() && !mix.empty(); ++i) {
    double microseconds = 0.0;
    const std::string_view text = round_trips[i];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), microseconds);
    const auto control = network::congestion_control(mix[i % mix.size()]);
    if (error != std::errc() || end != text.data() + text.size() || microseconds <= 0.0 || !control) {
      run.problem = fmt::format("rtts_us `{}` or cc_mix `{}` is not understood", printable(table.text(row, "rtts_us")),
                                printable(table.text(row, "cc_mix")));
      return;
    }
    run.flows.push_back({Seconds::from_base(microseconds * 1e-6), *control});
  }
  if (run.flows.empty()) run.problem = "rtts_us or cc_mix is missing";
}

Run read_run(const MeasurementTable& table, std::size_t row) {
  Run run;
  const auto rate = table.number(row, "rate_mbit");
  if (!rate || *rate <= 0.0) {
    run.problem = "rate_mbit is missing";
    return run;
  }
  read_flows(table, row, run);
  const BytesPerSecond line = BytesPerSecond::from_base(*rate * 125e3);
  run.wire = network::wire_goodput(line, Bytes::from_base(1500.0));
  run.queue_delay = Bytes::from_base(table.number(row, "queue_bytes").value_or(1.514e6)) / line;
  for (const network::FlowSettings& flow : run.flows) {
    run.is_alike_bbr =
        run.is_alike_bbr && flow.control == network::CongestionControl::Bbr && flow.round_trip == run.flows.front().round_trip;
  }
  return run;
}

Estimate jain_of(const std::vector<double>& shares, bool is_alike_bbr) {
  double square = 0.0;
  for (const double share : shares) square += share * share;
  const double num = static_cast<double>(shares.size());
  const double jain = 1.0 / (num * square);
  return {jain, is_alike_bbr ? 0.98 : std::max(0.6 * jain, 1.0 / num), is_alike_bbr ? 1.0 : std::min(1.5 * jain, 1.0)};
}

}  // namespace

Evaluation evaluate_tcp_share(const MeasurementTable& table, const Progress& progress) {
  Evaluation evaluation;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    if (table.split(row) != Split::HeldOut) continue;
    Run run = read_run(table, row);
    const auto flow = static_cast<std::size_t>(table.number(row, "flow").value_or(0.0));
    if (run.problem.empty() && flow >= run.flows.size()) run.problem = "`flow` is beyond the flows of rtts_us";
    if (!run.problem.empty()) {
      for (const std::string_view quantity : kQuantities) {
        evaluation.predictions.push_back(unpredicted(table, row, quantity, run.problem));
      }
      continue;
    }
    const std::vector<double> shares = network::flow_shares(run.flows, run.queue_delay);
    const double wire = run.wire.value() * 8e-6;
    const std::array<Estimate, 3> estimates = {log_interval(shares[flow] * wire, run.is_alike_bbr ? kAlikeBbr : kOtherwise),
                                               Estimate{wire, wire * (1.0 - kTotalBelow), wire * 1.002},
                                               jain_of(shares, run.is_alike_bbr)};
    for (std::size_t q = 0; q < kQuantities.size(); ++q) {
      evaluation.predictions.push_back({.row = row + 1,
                                        .quantity = std::string(kQuantities.at(q)),
                                        .group = run.is_alike_bbr ? "bbr, equal" : "cubic or unequal",
                                        .measured = table.number(row, kQuantities.at(q)),
                                        .estimate = estimates.at(q),
                                        .grade = Grade::Fitted,
                                        .note = run.is_alike_bbr ? "" : "flows like these are chaotic for tens of seconds"});
    }
  }
  if (progress) progress(1.0);
  return evaluation;
}

}  // namespace labtwin::calibration
