// Outputs of nvbandwidth and nccl-tests.

#include <gtest/gtest.h>

#include <array>

#include "models/base/error.hpp"
#include "models/calibration/kind.hpp"
#include "models/calibration/tool_format.hpp"

namespace labtwin::calibration {
namespace {

constexpr const char* kNccl = R"(# nThread 1 nGpus 2 minBytes 8 maxBytes 1048576 step: 2(factor) warmup iters: 5 iters: 20
# Using devices
#  Rank  0 Group  0 Pid   4321 on        box device  0 [0x01] NVIDIA GeForce RTX 4090
#  Rank  1 Group  0 Pid   4321 on        box device  1 [0x02] NVIDIA GeForce RTX 4090
#
#                                                              out-of-place                       in-place
#       size         count      type   redop    root     time   algbw   busbw #wrong     time   algbw   busbw #wrong
#        (B)    (elements)                               (us)  (GB/s)  (GB/s)            (us)  (GB/s)  (GB/s)
           8             2     float     sum      -1    11.42    0.00    0.00      0    11.36    0.00    0.00      0
     1048576        262144     float     sum      -1    160.0    6.55    6.55      0    161.0    6.51    6.51      0
# Out of bounds values : 0 OK
# Avg bus bandwidth    : 3.27
#
)";

// As the tool prints it, on fewer lines.
const std::string kNvbandwidth =
    "{\"nvbandwidth\": {\"git_version\": \"v0.6\", \"testcases\": ["
    "{\"name\": \"host_to_device_memcpy_ce\", \"status\": \"Passed\", \"bandwidth_matrix\": [[\"26.10\", \"26.08\"]]},"
    "{\"name\": \"device_to_device_memcpy_read_ce\", \"bandwidth_matrix\": [[\"N/A\", \"22.61\"], [\"22.58\", \"N/A\"]]},"
    "{\"name\": \"host_device_latency_sm\", \"status\": \"Passed\", \"bandwidth_matrix\": [[\"812.1\"]]},"
    "{\"name\": \"multinode_device_to_device\", \"status\": \"Waived\"}]}}";

MeasurementTable read(const std::string& text) {
  Manifest manifest;
  manifest.device = "RTX 4090";
  const std::array<ToolOutput, 1> outputs = {{{"output.txt", text}}};
  return read_tool_outputs("outputs", outputs, manifest);
}

std::string message_of(const std::string& text) {
  try {
    static_cast<void>(read(text));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(NcclText, IsATableOfCollectives) {
  const MeasurementTable table = read(kNccl);
  ASSERT_EQ(table.num_rows(), 2U);
  EXPECT_EQ(table.text(0, "gpu"), "NVIDIA GeForce RTX 4090");
  EXPECT_EQ(table.number(0, "num_gpus"), 2.0);
  EXPECT_EQ(table.text(0, "op"), "all_reduce");
  EXPECT_EQ(table.number(1, "message_bytes"), 1048576.0);
  EXPECT_EQ(table.number(1, "time_us"), 160.0);
  EXPECT_EQ(recognise(table).name, "collectives");
}

TEST(NcclText, CutOffIsOneMessage) {
  const std::string text(kNccl);
  const std::string message = message_of(text.substr(0, text.find("# Out of bounds")));
  EXPECT_NE(message.find("cut off"), std::string::npos) << message;
  EXPECT_NE(message.find("Avg bus bandwidth"), std::string::npos) << message;
}

TEST(Nvbandwidth, IsATableOfLinks) {
  const MeasurementTable table = read(kNvbandwidth);
  ASSERT_EQ(table.num_rows(), 4U);
  EXPECT_EQ(table.text(0, "direction"), "h2d");
  EXPECT_EQ(table.number(0, "value"), 26.10);
  EXPECT_EQ(table.text(2, "direction"), "p2p");
  EXPECT_NE(table.text(2, "notes").find("GPU0-GPU1"), std::string_view::npos);
  EXPECT_EQ(recognise(table).name, "pcie_links");
}

TEST(Nvbandwidth, CutOffIsOneMessage) {
  const std::string text(kNvbandwidth);
  const std::string message = message_of(text.substr(0, text.size() / 2));
  EXPECT_NE(message.find("output.txt"), std::string::npos) << message;
  EXPECT_NE(message.find("cut off"), std::string::npos) << message;
}

}  // namespace
}  // namespace labtwin::calibration
