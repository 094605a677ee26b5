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

std::optional<std::size_t> find_row(const MeasurementTable& table, std::string_view operation) {
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    if (table.text(row, "rw") == operation) return row;
  }
  return std::nullopt;
}

}  // namespace

std::vector<CapturePair> capture_pairs(const MeasurementTable& sweeps) {
  std::vector<CapturePair> pairs;
  for (std::size_t row = 0; row < sweeps.num_rows(); ++row) {
    if (sweeps.text(row, "rw") != "write" || sweeps.number(row, "bs_bytes") != kWriteBytes) continue;
    if (sweeps.number(row, "iodepth") != 1.0 || !sweeps.text(row, "flag").empty()) continue;
    const auto mb_per_s = sweeps.number(row, "bw_mb_s");
    if (!mb_per_s) continue;
    for (int depth : kReadDepths) pairs.push_back({depth, kShareOfWriter * *mb_per_s * 1e6});
    break;
  }
  return pairs;
}

std::vector<std::string> pair_arguments(const CapturePair& pair) {
  return {"--name=reads", "--rw=randread", "--bs=4k",     fmt::format("--iodepth={}", pair.read_depth),         "--name=writes",
          "--rw=write",   "--bs=128k",     "--iodepth=1", fmt::format("--rate=,{:.0f}", pair.write_bytes_per_s)};
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
  const auto writes = find_row(jobs, "write");
  // A writer at a set rate leaves its queue empty most of the time: only the reads are judged.
  if (!reads || !writes || !jobs.text(*reads, "flag").empty()) return;
  const auto of_reads = [&](std::string_view column) { return std::string(jobs.text(*reads, column)); };
  table.add_row({of_reads("device"),
                 of_reads("class"),
                 of_reads("interface"),
                 "randread",
                 "4096",
                 fmt::format("{}", pair.read_depth),
                 "1",
                 "",
                 "write",
                 fmt::format("{:g}", kWriteBytes),
                 "1",
                 fmt::format("{:.6g}", pair.write_bytes_per_s / 1e6),
                 std::string(jobs.text(*writes, "bw_mb_s")),
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
