#include "sim/command/capture_network.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "models/base/error.hpp"
#include "models/base/text.hpp"
#include "models/base/units.hpp"
#include "models/calibration/fio_json.hpp"
#include "models/calibration/iperf3_json.hpp"
#include "sim/command/captured_set.hpp"
#include "sim/command/tool_runner.hpp"

namespace labtwin::command {
namespace {

namespace fs = std::filesystem;
using calibration::MeasurementTable;
using calibration::ToolOutput;

constexpr const char* kLoopback = "127.0.0.1";
// A name must not tell on which machine or where it was measured.
constexpr const char* kSource = "labtwin capture network";
constexpr int kDefaultPort = 5201;
constexpr int kLoopbackPort = 25201;  ///< of a server of its own, beside one that the user may have running
constexpr auto kServerMoment = std::chrono::milliseconds(300);  ///< to start, or to be ready for the next
constexpr int kAttempts = 10;

struct Options {
  std::string host;
  std::string out = "capture-network";
  std::string name = "captured path";
  std::string rate;
  std::string udp_rate = "50 Mbit/s";
  double seconds = 5.0;
  double port = 0.0;  ///< 0: iperf3's own
};

const Tool kIperf3{.program = "iperf3", .install = "apt install iperf3"};

struct Step {
  std::string name;
  std::vector<std::string> arguments;
};

BytesPerSecond rate_of(const char* option, const std::string& text) {
  const auto fail = [&](std::string rule) {
    throw ConfigError({.place = {}, .key = option, .value = printable(text), .rule = std::move(rule), .hint = {}});
  };
  BytesPerSecond rate;
  try {
    rate = parse_quantity<BytesPerSecond>(text);
  } catch (const ConfigError&) {
    fail("must be a rate, e.g. 2.5 Gbit/s");
  }
  if (rate <= BytesPerSecond{}) fail("must be greater than 0");
  return rate;
}

/// TCP both ways, then datagrams in the size that just fits a frame and in a small one.
std::vector<Step> steps(const Options& options) {
  const std::string bits = fmt::format("{:.0f}", rate_of("--udp-rate", options.udp_rate).value() * 8.0);
  return {{"TCP there", {}},
          {"TCP back", {"--reverse"}},
          {"UDP of 1400 B", {"--udp", "--bitrate", bits, "--length", "1400", "--get-server-output"}},
          {"UDP of 200 B", {"--udp", "--bitrate", bits, "--length", "200", "--get-server-output"}}};
}

int port_of(const Options& options) {
  if (options.port > 0.0) return static_cast<int>(options.port);
  return options.host.empty() ? kLoopbackPort : kDefaultPort;
}

std::vector<std::string> with_common(const Options& options, const std::vector<std::string>& more) {
  const std::string host = options.host.empty() ? kLoopback : options.host;
  std::vector<std::string> arguments = {"--client",
                                        host,
                                        "--port",
                                        fmt::format("{}", port_of(options)),
                                        "--json",
                                        "--time",
                                        fmt::format("{:.0f}", options.seconds),
                                        "--connect-timeout",
                                        "3000"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

/// What iperf3 printed; a run that failed says why in there. A server that has just served somebody needs a moment.
std::string run_step(const Options& options, const Step& step) {
  ToolAnswer answer;
  for (int attempt = 0; attempt < kAttempts && !interrupted(); ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(kServerMoment);
    answer = run_tool(kIperf3, with_common(options, step.arguments));
    if (answer.output.find("server is busy") == std::string::npos) break;
  }
  return std::move(answer.output);
}

/// The outputs in the order of the steps; fewer if somebody asked to stop.
std::vector<ToolOutput> measure(const Options& options) {
  std::optional<BackgroundTool> server;
  if (options.host.empty()) {
    server.emplace(kIperf3,
                   std::vector<std::string>{"--server", "--bind", kLoopback, "--port", fmt::format("{}", port_of(options))});
    std::this_thread::sleep_for(kServerMoment);
    if (!server->is_running()) {
      throw ConfigError({.place = {"iperf3", 0, 0},
                         .key = {},
                         .value = {},
                         .rule = fmt::format("cannot listen at port {} of {}", port_of(options), kLoopback),
                         .hint = "choose another --port"});
    }
  }
  std::vector<ToolOutput> outputs;
  for (const Step& step : steps(options)) {
    if (interrupted()) break;
    if (::isatty(fileno(stderr)) != 0) fmt::print(stderr, "{} ...\n", step.name);
    std::string output = run_step(options, step);
    if (!interrupted()) outputs.push_back({step.name, std::move(output)});
  }
  return outputs;
}

MeasurementTable with_source(const MeasurementTable& table) {
  MeasurementTable renamed(table.name(), table.columns());
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    std::vector<std::string> cells;
    for (const std::string& column : table.columns()) {
      cells.push_back(column == "source" ? fmt::format("{}: {}", kSource, table.text(row, column))
                                         : std::string(table.text(row, column)));
    }
    renamed.add_row(std::move(cells));
  }
  return renamed;
}

struct Captured {
  MeasurementTable tcp;
  MeasurementTable udp;
};

/// Only the sender knows the round trip: the way back takes that of the way there.
Captured read(const Options& options, const std::vector<ToolOutput>& outputs) {
  calibration::Manifest manifest;
  if (!options.rate.empty()) {
    manifest.path.rate_mbit = fmt::format("{:.10g}", rate_of("--rate", options.rate).value() * 8e-6);
  }
  const MeasurementTable there = calibration::read_iperf3_outputs(options.name, std::span(outputs).first(1), manifest);
  manifest.path.rtt_us = there.text(0, "rtt_us");
  return {with_source(calibration::read_iperf3_outputs(options.name, std::span(outputs).first(2), manifest)),
          with_source(calibration::read_iperf3_outputs(options.name, std::span(outputs).subspan(2), manifest))};
}

void print_answer(const Options& options, const Captured& captured) {
  for (std::size_t row = 0; row < captured.tcp.num_rows(); ++row) {
    fmt::print("{}: {:.4g} Mbit/s, round trip {} us\n", row == 0 ? "TCP there" : "TCP back",
               captured.tcp.number(row, "goodput_mbit").value_or(0.0), captured.tcp.text(row, "rtt_us"));
  }
  for (std::size_t row = 0; row < captured.udp.num_rows(); ++row) {
    fmt::print("UDP of {} B: {:.4g} datagrams per second, {:.2g} % lost\n", captured.udp.text(row, "payload_bytes"),
               captured.udp.number(row, "pps_target").value_or(0.0),
               100.0 * captured.udp.number(row, "loss_frac").value_or(0.0));
  }
  fmt::print("next: labtwin validate {} and {}/udp{}\n", options.out, options.out,
             options.rate.empty() ? "; TCP is predicted if --rate gives the rate of the slowest link" : "");
}

int capture(const Options& options) {
  note_signals();
  if (!options.rate.empty()) static_cast<void>(rate_of("--rate", options.rate));
  const std::vector<Step> wanted = steps(options);
  const std::vector<ToolOutput> outputs = measure(options);
  if (outputs.size() < wanted.size()) {
    fmt::print(stderr, "stopped; nothing was written\n");
    return 2;
  }
  const Captured captured = read(options, outputs);
  for (const MeasurementTable* table : {&captured.tcp, &captured.udp}) {
    for (const std::string& line : calibration::flagged_runs(*table)) fmt::print(stderr, "{}\n", line);
  }
  const std::string conditions = fmt::format("iperf3, {:.0f} s a run, one stream", options.seconds);
  const fs::path out = options.out;
  write_captured_set(out, captured.tcp, {"tcp_bulk", options.name, conditions, kSource});
  write_captured_set(out / "udp", captured.udp, {"udp_loss", options.name, conditions, kSource});
  print_answer(options, captured);
  return 0;
}

}  // namespace

void add_capture_network(Verb& capture_verb) {
  const auto options = std::make_shared<Options>();
  capture_verb.add("network", "Measure the path to a host that runs `iperf3 --server`, or loopback, with four bounded runs")
      .argument("[HOST]", options->host, "Where iperf3 listens; without it a server is started on loopback")
      .option("--rate", options->rate, "Rate of the slowest link on the way, e.g. \"2.5 Gbit/s\"; predictions need it")
      .option("--udp-rate", options->udp_rate, "Rate of the datagrams")
      .option("--seconds", options->seconds, 1.0, 60.0, "Length of each of the four runs")
      .option("--port", options->port, 1.0, 65535.0, "Where the server listens")
      .option("--out", options->out, "Folder for the two measurement sets")
      .option("--name", options->name, "Name of the path")
      .runs([options] { return capture(*options); });
}

}  // namespace labtwin::command
