#include "models/calibration/bufferbloat.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string>

#include "models/base/text.hpp"
#include "models/network/queueing_delay.hpp"

namespace labtwin::calibration {
namespace {

constexpr std::array<std::string_view, 5> kQuantities = {"mean_us", "p50_us", "p90_us", "p95_us", "p99_us"};

/// What a row says of link, queue and request.
struct QueueRow {
  BytesPerSecond rate;
  Seconds round_trip;
  Bytes queue;
  Seconds on_wire;
  bool is_fair = false;
};

/// Law:    p50 by the queue's law; beyond it a plain queue is full at p90 to p99. One that holds less than 20 ms and more than
///         the round trip drops the request itself: a timeout of 230 ms at the 90th and a second one at the 99th.
/// Source: fit rows of calibration/data/linux-tcp/bufferbloat.
/// Error:  see its manifest; tails of short queues are an assumption.
std::array<Estimate, 5> predict(const QueueRow& row) {
  constexpr double kMicro = 1e6;
  constexpr double kTimeout = 0.23;
  constexpr double kShortQueue = 0.02;
  const double base = (row.round_trip + row.on_wire).value();
  if (row.is_fair) {
    const double wait = network::fair_queue_delay(row.rate).value();
    const double typical = kMicro * (base + wait * 0.2);
    const double late = kMicro * (base + wait * 0.7);
    return {log_interval(typical, 0.03), log_interval(typical, 0.03), log_interval(typical, 0.04), log_interval(late, 0.06),
            log_interval(late, 0.06)};
  }
  const double full = (row.queue / row.rate).value();
  const double middle = base + network::fifo_delay(row.queue, row.rate).value();
  const bool drops = full < kShortQueue && row.round_trip.value() < full;
  const double p90 = drops ? kTimeout : base + full;
  const double p99 = drops ? 2.0 * kTimeout : base + full;
  const double mean = drops ? middle + 0.2 * kTimeout : base + 0.8 * full;
  const auto upwards = [&](double value, double up) {
    return Estimate{kMicro * value, kMicro * value * std::exp(-0.15), kMicro * value * std::exp(up)};
  };
  return {upwards(mean, 0.5), log_interval(kMicro * middle, 0.15), upwards(p90, 0.1), upwards(p90, 0.3), upwards(p99, 1.6)};
}

}  // namespace

Evaluation evaluate_bufferbloat(const MeasurementTable& table, const Progress& progress) {
  Evaluation evaluation;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    if (table.split(row) != Split::HeldOut) continue;
    const auto rate = table.number(row, "rate_mbit");
    const auto round_trip = table.number(row, "rtt_us");
    const auto queue = table.number(row, "queue_bytes");
    const std::string_view discipline = table.text(row, "qdisc");
    std::string why;
    if (!rate || !round_trip || !queue || *rate <= 0.0 || *round_trip <= 0.0)
      why = "rate_mbit, rtt_us or queue_bytes is missing";
    const bool is_fifo = discipline == "bfifo" || discipline == "pfifo" || discipline == "pfifo_fast" || discipline == "fifo";
    if (!is_fifo && discipline != "fq_codel")
      why = fmt::format("no law for the queueing discipline `{}`", printable(discipline));
    if (!why.empty()) {
      for (const std::string_view quantity : kQuantities)
        evaluation.predictions.push_back(unpredicted(table, row, quantity, why));
      continue;
    }
    QueueRow settings{.rate = BytesPerSecond::from_base(*rate * 125e3),
                      .round_trip = Seconds::from_base(*round_trip * 1e-6),
                      .queue = Bytes::from_base(*queue),
                      .on_wire = {},
                      .is_fair = !is_fifo};
    settings.on_wire =
        network::serialisation(Bytes::from_base(table.number(row, "req_bytes").value_or(1024.0)),
                               Bytes::from_base(table.number(row, "resp_bytes").value_or(1024.0)), settings.rate) *
        (settings.is_fair ? 0.5 : 0.0);
    const std::array<Estimate, 5> estimates = predict(settings);
    for (std::size_t q = 0; q < kQuantities.size(); ++q) {
      evaluation.predictions.push_back({.row = row + 1,
                                        .quantity = std::string(kQuantities.at(q)),
                                        .group = settings.is_fair ? "fq_codel" : "fifo",
                                        .measured = table.number(row, kQuantities.at(q)),
                                        .estimate = estimates.at(q),
                                        .grade = Grade::Fitted,
                                        .note = {}});
    }
  }
  if (progress) progress(1.0);
  return evaluation;
}

}  // namespace labtwin::calibration
