#include "models/calibration/udp_loss.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "models/base/text.hpp"
#include "models/network/udp_socket.hpp"

namespace labtwin::calibration {
namespace {

constexpr std::string_view kQuantity = "loss_frac";

/// What a row says of its stream and receiver.
struct UdpRow {
  network::DatagramStream stream;
  double capacity = 0.0;
  bool is_native = false;
  bool is_real_time_priority = true;
};

/// A share of datagrams with its interval, and what it rests on.
struct Loss {
  Estimate estimate;
  Grade grade = Grade::Fitted;
  std::string group;
  std::string note;
};

Estimate within(double loss, double below, double above) {
  return {loss, std::max(loss - below, 0.0), std::min(loss + above, 1.0)};
}

/// Law:    0.25 exp(-t / 0.9 ms) + 0.004, t = what the socket holds over the rate; under normal priority beside other load 60 %
///         below 0.2 s, 10 % beyond.
/// Valid:  a machine with its own load whose stalls nobody has measured: the interval says so.
/// Source: the fit rows of calibration/data/linux-udp/udp_loss, a busy virtual machine of two cores.
/// Error:  0 points median, 11 at the 90th under real-time priority; 50 under normal priority.
Loss unknown_stalls(const UdpRow& row) {
  if (!row.is_native)
    return {.estimate = within(0.0, 0.0, 0.005), .grade = Grade::Fitted, .group = "given: no stalls", .note = {}};
  const double held_ms = 1e3 * row.capacity / row.stream.rate.value();
  const std::string note = "the stalls of the receiver are not given";
  if (row.is_real_time_priority) {
    const double loss = 0.25 * std::exp(-held_ms / 0.9) + (held_ms < 60.0 ? 0.004 : 0.0);
    return {.estimate = within(loss, 0.08, 0.08), .grade = Grade::Assumed, .group = "not given: real time", .note = note};
  }
  const double loss = held_ms < 200.0 ? 0.6 : 0.1;
  return {.estimate = {loss, 0.0, 1.0}, .grade = Grade::Assumed, .group = "not given: normal priority", .note = note};
}

Loss predict(const UdpRow& row, std::string_view mode, double a, double b) {
  constexpr double kSlowWidth = 0.05;
  constexpr double kStallWidth = 0.04;
  if (mode == "burst") {
    const double loss =
        network::lost_in_stalls(row.stream, row.capacity, Seconds::from_base(a * 1e-3), Seconds::from_base(b * 1e-3));
    return {.estimate = within(loss, kStallWidth, row.is_native ? 2.0 * kStallWidth : kStallWidth),
            .group = "given: stalls",
            .note = {}};
  }
  if (mode == "slow") {
    // What a sleep of microseconds takes beyond them: fit rows; on the busy machine it differs by 10 % from run to run.
    const double wake_up_us = row.is_native ? 116.0 : 50.0;
    const double loss = network::lost_to_a_slow_receiver(row.stream, row.capacity, Seconds::from_base((a + wake_up_us) * 1e-6));
    return {.estimate = within(loss, kSlowWidth, kSlowWidth), .group = "given: slow", .note = {}};
  }
  return unknown_stalls(row);
}

}  // namespace

Evaluation evaluate_udp_loss(const MeasurementTable& table, const Progress& progress) {
  Evaluation evaluation;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    if (table.split(row) != Split::HeldOut) continue;
    const auto rate = table.number(row, "pps_target");
    const auto payload = table.number(row, "payload_bytes");
    const auto buffer = table.number(row, "rcvbuf_actual");
    const double duration = table.number(row, "secs").value_or(1.0);
    const std::string_view mode = table.text(row, "receiver_mode");
    const bool is_known = mode.empty() || mode == "fast" || mode == "burst" || mode == "slow";
    if (!rate || !payload || !buffer || *rate <= 0.0 || *payload <= 0.0 || *buffer <= 0.0 || duration <= 0.0 || !is_known) {
      const std::string why = is_known ? "pps_target, payload_bytes, rcvbuf_actual and secs must be greater than 0"
                                       : fmt::format("receiver_mode `{}` is none of fast, burst and slow", printable(mode));
      evaluation.predictions.push_back(unpredicted(table, row, kQuantity, why));
      continue;
    }
    const UdpRow settings{.stream = {PerSecond::from_base(*rate), Seconds::from_base(duration)},
                          .capacity = network::socket_capacity(Bytes::from_base(*buffer), Bytes::from_base(*payload)),
                          .is_native = table.text(row, "env").starts_with("native"),
                          .is_real_time_priority = table.text(row, "sched") != "other"};
    const Loss loss =
        predict(settings, mode, table.number(row, "mode_a").value_or(0.0), table.number(row, "mode_b").value_or(0.0));
    evaluation.predictions.push_back({.row = row + 1,
                                      .quantity = std::string(kQuantity),
                                      .group = loss.group,
                                      .measured = table.number(row, kQuantity),
                                      .estimate = loss.estimate,
                                      .grade = loss.grade,
                                      .note = loss.note});
  }
  if (progress) progress(1.0);
  return evaluation;
}

}  // namespace labtwin::calibration
