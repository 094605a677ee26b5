#include "models/calibration/iperf3_json.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "models/base/error.hpp"

namespace labtwin::calibration {
namespace {

std::string tcp_output(double mbit, double seconds, int streams = 1) {
  return fmt::format(R"({{"start": {{"version": "iperf 3.12", "tcp_mss_default": 1448,
    "test_start": {{"protocol": "TCP", "num_streams": {}, "omit": 1, "duration": {}}}}},
    "end": {{"streams": [{{"sender": {{"min_rtt": 21000, "mean_rtt": 45000}}}}],
      "sum_sent": {{"retransmits": 12}}, "sum_received": {{"seconds": {}, "bits_per_second": {}}},
      "sender_tcp_congestion": "cubic"}}}})",
                     streams, seconds, seconds, mbit * 1e6);
}

constexpr const char* kUdp = R"({"start": {"version": "iperf 3.9", "rcvbuf_actual": 212992,
   "test_start": {"protocol": "UDP", "num_streams": 1, "blksize": 1400, "duration": 4}},
   "end": {"sum": {"seconds": 4.0, "packets": 20000, "lost_packets": 500, "jitter_ms": 0.07}}})";

Manifest link(std::string rate_mbit) {
  Manifest manifest;
  manifest.path.rate_mbit = std::move(rate_mbit);
  return manifest;
}

MeasurementTable read(const std::vector<ToolOutput>& outputs, const Manifest& manifest = {}) {
  return read_tool_outputs("set", outputs, manifest);
}

std::string error_of(const std::vector<ToolOutput>& outputs) {
  try {
    static_cast<void>(read(outputs));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

TEST(Iperf3Json, TellsGoodputAndTheRoundTripWithoutTheQueueItBuilt) {
  const MeasurementTable table = read({{"one.json", tcp_output(412.0, 10.0)}}, link("1000"));
  ASSERT_EQ(table.num_rows(), 1U);
  EXPECT_EQ(table.number(0, "goodput_mbit"), 412.0);
  EXPECT_EQ(table.number(0, "rate_mbit"), 1000.0);
  EXPECT_EQ(table.number(0, "rtt_us"), 21000.0);
  EXPECT_EQ(table.number(0, "mtu"), 1500.0);
  EXPECT_EQ(table.number(0, "omit_s"), 1.0);
  EXPECT_EQ(table.text(0, "cc"), "cubic");
  EXPECT_EQ(table.split(0), Split::HeldOut);
}

TEST(Iperf3Json, TellsTheShareOfDatagramsThatWereLost) {
  const MeasurementTable table = read({{"udp.json", kUdp}});
  ASSERT_EQ(table.num_rows(), 1U);
  EXPECT_EQ(table.number(0, "loss_frac"), 0.025);
  EXPECT_EQ(table.number(0, "pps_target"), 5000.0);
  EXPECT_EQ(table.number(0, "payload_bytes"), 1400.0);
}

TEST(Iperf3Json, FlagsRunsThatTellNothingAboutThePath) {
  const auto flag = [](const std::string& text) {
    const MeasurementTable table = read({{"run.json", text}}, link("1000"));
    EXPECT_EQ(table.split(0), Split::Neither);
    return std::string(table.text(0, "flag"));
  };
  EXPECT_EQ(flag(tcp_output(412.0, 10.0, 4)), "4 streams: the prediction is for one");
  EXPECT_EQ(flag(tcp_output(412.0, 0.5)), "ran 0.5 s: too short to be steady");
  EXPECT_EQ(flag(tcp_output(9400.0, 10.0)), "9400 Mbit/s over a link of 1000 Mbit/s");
}

TEST(Iperf3Json, SaysWhatIsWrongWithAnOutput) {
  const std::string whole = tcp_output(412.0, 10.0);
  EXPECT_EQ(error_of({{"cut.json", whole.substr(0, 200)}}),
            "cut.json: is no complete JSON object: the run was cut off or the file is damaged");
  EXPECT_EQ(
      error_of({{"refused.json", R"({"start": {"version": "iperf 3.12"}, "error": "unable to connect"})"}}),
      "refused.json: iperf3 measured nothing: unable to connect (is `iperf3 --server` running there, and does its port let "
      "us through?)");
  EXPECT_EQ(error_of({{"a.json", whole}, {"b.json", kUdp}}),
            "b.json: is a run of UDP, the others are not (one folder for TCP, one for UDP)");
  EXPECT_EQ(error_of({{"a.json", whole}, {"b.json", R"({"fio version": "fio-3.33"})"}}),
            "b.json: is an output of fio --output-format=json, the others are of iperf3 --json (one folder for each tool)");
  EXPECT_NE(error_of({{"words.json", "hello"}}).find("words.json: is no output of a tool that is read here"),
            std::string::npos);
}

}  // namespace
}  // namespace labtwin::calibration
