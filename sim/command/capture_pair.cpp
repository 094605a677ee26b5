#include "sim/command/capture_pair.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

namespace labtwin::command {
namespace {

using calibration::MeasurementTable;

constexpr std::array kReadDepths = {1, 4};
constexpr double kWriteBytes = 131072.0;
constexpr double kShareOfWriter = 0.25;
constexpr std::array kStreamDepths = {2, 4, 8, 16, 32, 64};
constexpr double kStreamBytes = 262144.0;

std::optional<std::size_t> find_row(const MeasurementTable& table, std::string_view operation) {
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    if (table.text(row, "rw") == operation) return row;
  }
  return std::nullopt;
}

}  // namespace

std::vector<CapturePair> pairs_beside_writes(const MeasurementTable& sweeps) {
  std::vector<CapturePair> pairs;
  for (std::size_t row = 0; row < sweeps.num_rows(); ++row) {
    if (sweeps.text(row, "rw") != "write" || sweeps.number(row, "bs_bytes") != kWriteBytes) continue;
    if (sweeps.number(row, "iodepth") != 1.0 || !sweeps.text(row, "flag").empty()) continue;
    const auto mb_per_s = sweeps.number(row, "bw_mb_s");
    if (!mb_per_s) continue;
    for (int depth : kReadDepths) {
      pairs.push_back({.read_depth = depth,
                       .other = "write",
                       .other_block_bytes = kWriteBytes,
                       .other_depth = 1,
                       .other_bytes_per_s = kShareOfWriter * *mb_per_s * 1e6});
    }
    break;
  }
  return pairs;
}

std::vector<CapturePair> pairs_beside_reads() {
  std::vector<CapturePair> pairs;
  for (int depth : kStreamDepths) {
    pairs.push_back({.read_depth = 1, .other = "read", .other_block_bytes = kStreamBytes, .other_depth = depth});
  }
  return pairs;
}

std::vector<std::string> pair_arguments(const CapturePair& pair) {
  std::vector<std::string> arguments = {"--name=reads",
                                        "--rw=randread",
                                        "--bs=4k",
                                        fmt::format("--iodepth={}", pair.read_depth),
                                        "--name=others",
                                        fmt::format("--rw={}", pair.other),
                                        fmt::format("--bs={:.0f}", pair.other_block_bytes),
                                        fmt::format("--iodepth={}", pair.other_depth)};
  if (pair.other_bytes_per_s > 0.0) arguments.push_back(fmt::format("--rate={0:.0f},{0:.0f}", pair.other_bytes_per_s));
  return arguments;
}

MeasurementTable pair_table(std::string name) {
  return {std::move(name), {"device",        "class",         "interface",      "fg_rw",
                            "fg_bs_bytes",   "fg_iodepth",    "fg_numjobs",     "fg_rate_target_iops",
                            "bg_rw",         "bg_bs_bytes",   "bg_iodepth",     "bg_rate_target_mb_s",
                            "bg_mb_s",       "fg_iops",       "fg_lat_mean_us", "fg_lat_p50_us",
                            "fg_lat_p95_us", "fg_lat_p99_us", "fg_lat_p999_us", "scheduler",
                            "ioengine",      "date",          "source",         "split"}};
}

void append_pair(MeasurementTable& table, const CapturePair& pair, const MeasurementTable& jobs) {
  const auto reads = find_row(jobs, "randread");
  const auto others = find_row(jobs, pair.other);
  // A writer at a set rate leaves its queue empty most of the time: only the reads are judged.
  if (!reads || !others || !jobs.text(*reads, "flag").empty()) return;
  const auto of_reads = [&](std::string_view column) { return std::string(jobs.text(*reads, column)); };
  table.add_row({of_reads("device"),
                 of_reads("class"),
                 of_reads("interface"),
                 "randread",
                 "4096",
                 fmt::format("{}", pair.read_depth),
                 "1",
                 "",
                 pair.other,
                 fmt::format("{:.0f}", pair.other_block_bytes),
                 fmt::format("{}", pair.other_depth),
                 pair.other_bytes_per_s > 0.0 ? fmt::format("{:.6g}", pair.other_bytes_per_s / 1e6) : "max",
                 std::string(jobs.text(*others, "bw_mb_s")),
                 of_reads("iops"),
                 of_reads("lat_mean_us"),
                 of_reads("lat_p50_us"),
                 of_reads("lat_p95_us"),
                 of_reads("lat_p99_us"),
                 of_reads("lat_p999_us"),
                 "",
                 of_reads("ioengine"),
                 of_reads("date"),
                 of_reads("source"),
                 "fit"});
}

}  // namespace labtwin::command
