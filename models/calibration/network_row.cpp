#include "models/calibration/network_row.hpp"

#include <fmt/format.h>

#include <cctype>

#include "models/base/text.hpp"
#include "models/network/netem.hpp"

namespace labtwin::calibration {
namespace {

using network::LossModel;

// Words that netem was given besides the delay and loss of the columns; a number goes on from the delay as its jitter.
void apply_netem(std::string_view words, bool both, NetworkRow& row) {
  const bool is_jitter = std::isdigit(static_cast<unsigned char>(words.front())) != 0;
  const Seconds delay = row.path.round_trip * 0.5;
  // The rows of virtual time were taken with a limit that nothing reaches; a user's command has what it says.
  const std::string delayed = fmt::format("{}delay {}us ", row.is_real_time ? "" : "limit 4000000 ", delay.value() * 1e6);
  const network::Netem netem = network::parse_netem(delayed + std::string(is_jitter ? "" : " ") + std::string(words));
  const Seconds round_trip = row.path.round_trip;
  netem.apply(row.path, true);
  if (both) netem.apply(row.path, false);
  row.path.round_trip = round_trip;  // the column has it already
}

bool is_percentage(double percent) {
  return percent >= 0.0 && percent <= 100.0;
}

}  // namespace

NetworkRow read_network_row(const MeasurementTable& table, std::size_t row) {
  NetworkRow result;
  const auto rate = table.number(row, "rate_mbit");
  const auto round_trip = table.number(row, "rtt_us");
  const double loss = table.number(row, "loss_pct").value_or(0.0);
  if (!rate || *rate <= 0.0 || !round_trip || *round_trip <= 0.0) {
    result.problem = "rate_mbit or rtt_us is missing";
    return result;
  }
  if (!is_percentage(loss)) {
    result.problem = fmt::format("loss_pct = {} must lie between 0 and 100 %", loss);
    return result;
  }
  result.is_real_time = table.text(row, "env").starts_with("native");
  result.path.rate = BytesPerSecond::from_base(*rate * 125e3);
  result.path.round_trip = Seconds::from_base(*round_trip * 1e-6);
  if (const auto queue = table.number(row, "queue_bytes")) result.path.queue = Bytes::from_base(*queue);
  const bool both = table.text(row, "loss_dir") == "both";
  result.path.to_client = LossModel::random(loss / 100.0);
  if (both) result.path.to_server = result.path.to_client;
  if (const auto words = trim(table.text(row, "extra_netem")); !words.empty()) apply_netem(words, both, result);
  if (const auto mtu = table.number(row, "mtu"); mtu && *mtu > 100.0) result.settings.mtu = Bytes::from_base(*mtu);
  if (const auto limit = table.number(row, "rmem_max")) result.settings.receive_buffer = Bytes::from_base(*limit);
  if (const auto limit = table.number(row, "wmem_max")) result.settings.send_buffer = Bytes::from_base(*limit);
  const std::string_view control = table.text(row, "cc");
  if (const auto known = network::congestion_control(control)) {
    result.settings.control = *known;
  } else {
    result.problem = fmt::format("no law for the congestion control `{}`", printable(control));
  }
  return result;
}

}  // namespace labtwin::calibration
