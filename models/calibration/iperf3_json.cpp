#include "models/calibration/iperf3_json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "models/base/error.hpp"

namespace labtwin::calibration {
namespace {

using nlohmann::json;

constexpr double kShortestRun = 1.0;     ///< seconds
constexpr double kHeaderBytes = 52.0;    ///< IPv4, TCP and its time stamps: what a segment has besides iperf3's tcp_mss
constexpr double kWireTolerance = 1.01;  ///< of the rate; a reading beyond was not taken on that link

[[noreturn]] void fail(const std::string& file, std::string rule, std::string hint = {}) {
  throw ConfigError({.place = {file, 0, 0}, .key = {}, .value = {}, .rule = std::move(rule), .hint = std::move(hint)});
}

json parse(const ToolOutput& output) {
  json root = json::parse(output.text, nullptr, false);
  if (root.is_discarded() || !root.is_object()) {
    fail(output.file, "is no complete JSON object: the run was cut off or the file is damaged");
  }
  if (const auto error = root.find("error"); error != root.end() && error->is_string()) {
    const std::string what = error->get<std::string>();
    const bool is_unreachable = what.find("connect") != std::string::npos;
    fail(output.file, fmt::format("iperf3 measured nothing: {}", what),
         is_unreachable ? "is `iperf3 --server` running there, and does its port let us through?" : "");
  }
  return root;
}

/// The number at a JSON pointer; nothing if there is none.
std::optional<double> number(const json& root, const char* pointer) {
  const json::json_pointer at(pointer);
  if (!root.contains(at) || !root.at(at).is_number()) return std::nullopt;
  return root.at(at).get<double>();
}

std::string text(const json& root, const char* pointer) {
  const json::json_pointer at(pointer);
  return root.contains(at) && root.at(at).is_string() ? root.at(at).get<std::string>() : std::string();
}

double required(const json& root, const std::string& file, const char* pointer) {
  if (const auto value = number(root, pointer)) return *value;
  fail(file, fmt::format("holds no `{}`: it is no whole output of iperf3 --json at the client", pointer));
}

std::string cell(std::optional<double> value) {
  return value ? fmt::format("{:.10g}", *value) : std::string();
}

std::string flag_of(const json& root, double seconds) {
  const double streams = number(root, "/start/test_start/num_streams").value_or(1.0);
  if (streams != 1.0) return fmt::format("{:.0f} streams: the prediction is for one", streams);
  if (number(root, "/start/test_start/bidir").value_or(0.0) != 0.0) return "both directions at once";
  if (seconds < kShortestRun) return fmt::format("ran {:.2g} s: too short to be steady", seconds);
  return {};
}

std::string split_of(const std::string& flag) {
  return flag.empty() ? "held_out" : "flagged";
}

/// The round trip is the shortest that the sender saw: the mean holds the queue that the run itself built up.
std::vector<std::string> tcp_row(const json& root, const std::string& file, const ManifestPath& path) {
  const double mbit = required(root, file, "/end/sum_received/bits_per_second") * 1e-6;
  const double seconds = required(root, file, "/end/sum_received/seconds");
  std::string flag = flag_of(root, seconds);
  if (flag.empty() && !path.rate_mbit.empty() && mbit > kWireTolerance * std::stod(path.rate_mbit)) {
    flag = fmt::format("{:.4g} Mbit/s over a link of {} Mbit/s", mbit, path.rate_mbit);
  }
  const auto round_trip = number(root, "/end/streams/0/sender/min_rtt");
  const bool knows_round_trip = path.rtt_us.empty() && round_trip && *round_trip > 0.0;
  std::string control = text(root, "/end/sender_tcp_congestion");
  if (control.empty()) control = "cubic";
  std::optional<double> mtu = number(root, "/start/tcp_mss_default");
  if (mtu) *mtu += kHeaderBytes;
  return {"native-iperf3",
          path.rate_mbit,
          knows_round_trip ? cell(round_trip) : path.rtt_us,
          path.netem.empty() ? "none" : "netem",
          "0",
          path.netem,
          std::move(control),
          cell(mtu),
          cell(number(root, "/start/test_start/duration").value_or(seconds)),
          cell(number(root, "/start/test_start/omit").value_or(0.0)),
          cell(mbit),
          cell(number(root, "/end/sum_sent/retransmits")),
          file,
          flag,
          split_of(flag)};
}

std::vector<std::string> udp_row(const json& root, const std::string& file) {
  const double payload = required(root, file, "/start/test_start/blksize");
  const double packets = required(root, file, "/end/sum/packets");
  const double lost = required(root, file, "/end/sum/lost_packets");
  const double seconds = required(root, file, "/end/sum/seconds");
  // The buffer that counts is the receiver's, which the client knows only if the server sent its own output.
  std::optional<double> buffer = number(root, "/server_output_json/start/rcvbuf_actual");
  if (!buffer) buffer = number(root, "/start/rcvbuf_actual");
  const std::string flag = flag_of(root, seconds);
  return {"native-iperf3",
          seconds > 0.0 ? cell(packets / seconds) : std::string(),
          cell(payload),
          cell(buffer),
          cell(seconds),
          packets > 0.0 ? cell(lost / packets) : std::string(),
          cell(number(root, "/end/sum/jitter_ms")),
          file,
          flag,
          split_of(flag)};
}

}  // namespace

bool is_iperf3_json(std::string_view text) noexcept {
  return text.substr(0, 4096).find("\"iperf 3.") != std::string_view::npos;
}

MeasurementTable read_iperf3_outputs(const std::string& name, std::span<const ToolOutput> outputs, const Manifest& manifest) {
  MeasurementTable tcp(name, {"env", "rate_mbit", "rtt_us", "loss_model", "loss_pct", "extra_netem", "cc", "mtu", "dur_s",
                              "omit_s", "goodput_mbit", "retransmits", "source", "flag", "split"});
  MeasurementTable udp(name, {"env", "pps_target", "payload_bytes", "rcvbuf_actual", "secs", "loss_frac", "jitter_ms", "source",
                              "flag", "split"});
  for (const ToolOutput& output : outputs) {
    const json root = parse(output);
    const std::string protocol = text(root, "/start/test_start/protocol");
    if (protocol == "TCP") {
      tcp.add_row(tcp_row(root, output.file, manifest.path));
    } else if (protocol == "UDP") {
      udp.add_row(udp_row(root, output.file));
    } else {
      fail(output.file, fmt::format("protocol `{}` is neither TCP nor UDP", protocol));
    }
    if (tcp.num_rows() > 0 && udp.num_rows() > 0) {
      fail(output.file, fmt::format("is a run of {}, the others are not", protocol), "one folder for TCP, one for UDP");
    }
  }
  return udp.num_rows() > 0 ? udp : tcp;
}

}  // namespace labtwin::calibration
