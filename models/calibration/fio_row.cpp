#include "models/calibration/fio_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "models/calibration/plausible_run.hpp"

namespace labtwin::calibration {
namespace {

constexpr std::array<std::string_view, kNumQuantiles> kQuantileColumns = {"lat_p50_us", "lat_p95_us", "lat_p99_us",
                                                                          "lat_p999_us"};
constexpr std::array<std::string_view, 6> kOperations = {"randread", "randwrite", "read", "write", "randrw", "rw"};

std::string normal_operation(std::string_view rw) {
  return std::string(rw == "readwrite" ? "rw" : rw);
}

std::string block_text(double bytes) {
  return bytes >= 1024.0 ? fmt::format("{:g} KiB", bytes / 1024.0) : fmt::format("{:g} B", bytes);
}

std::string unit_of(const MeasurementTable& table, std::size_t row) {
  if (const std::string_view series = table.text(row, "series"); !series.empty()) return std::string(series);
  return fmt::format("{}|{}|{}", table.text(row, "device"), table.text(row, "interface"), table.text(row, "ioengine"));
}

std::string problem_of(const FioRow& row, std::optional<double> depth, std::optional<double> jobs,
                       std::optional<double> block) {
  if (std::find(kOperations.begin(), kOperations.end(), row.sweep.operation) == kOperations.end()) {
    return fmt::format("rw = {} is none of the operations of fio", row.sweep.operation);
  }
  if (!depth || *depth < 1) return "iodepth is missing or below 1";
  if (!jobs || *jobs < 1) return "numjobs is missing or below 1";
  if (!block || *block <= 0) return "bs_bytes is missing or not above 0";
  return {};
}

// `8x Samsung 980 PRO 1TB` are eight drives that share the I/Os. An array has its own class, whose prior knows no number.
double count_in_name(std::string_view device, std::string_view drive_class) {
  const std::size_t num_digits = std::min(device.find_first_not_of("0123456789"), device.size());
  const bool counted = num_digits > 0 && num_digits < 4 && device.substr(num_digits).starts_with("x ");
  if (!counted || drive_class == "raid" || drive_class == "hdd_array") return 1.0;
  return std::max(1.0, std::stod(std::string(device.substr(0, num_digits))));
}

// A column of its own, or a setting in the source's note: `fig-2;sched=kyber;ndev=1`.
std::string scheduler_of(const MeasurementTable& table, std::size_t row) {
  if (const std::string_view scheduler = table.text(row, "scheduler"); !scheduler.empty()) return std::string(scheduler);
  constexpr std::string_view kSetting = "sched=";
  const std::string_view note = table.text(row, "note");
  const std::size_t at = note.find(kSetting);
  if (at == std::string_view::npos) return {};
  const std::string_view value = note.substr(at + kSetting.size());
  return std::string(value.substr(0, value.find(';')));
}

void part_by_scheduler(std::vector<FioRow>& rows) {
  std::map<std::string, std::set<std::string>> fitted;
  for (const FioRow& row : rows) {
    if (row.split == Split::Fit) fitted[row.unit].insert(row.scheduler);
  }
  for (FioRow& row : rows) {
    const std::set<std::string>& schedulers = fitted[row.unit];
    if (schedulers.size() < 2) continue;
    row.unit += " | " + (schedulers.contains(row.scheduler) ? row.scheduler : *schedulers.begin());
  }
}

// An array of disks has seeks in it; without a word about its members an array is one of SSDs.
std::string class_of(std::string_view drive_class, std::string_view device) {
  const bool of_disks = device.find("HDD") != std::string_view::npos || device.find("rpm") != std::string_view::npos;
  return drive_class == "raid" && of_disks ? "hdd_array" : std::string(drive_class);
}

std::optional<double> positive(std::optional<double> value) {
  return value && *value > 0.0 ? value : std::nullopt;
}

}  // namespace

double SweepKey::share() const {
  if (!is_mix() || part == "all") return 1.0;
  return part == "read" ? read_percent / 100.0 : 1.0 - read_percent / 100.0;
}

std::string SweepKey::pure_operation() const {
  if (!is_mix()) return operation;
  const bool reads = part == "read" || (part == "all" && read_percent >= 50.0);
  if (operation == "randrw") return reads ? "randread" : "randwrite";
  return reads ? "read" : "write";
}

std::string SweepKey::label() const {
  if (!is_mix()) return fmt::format("{} {}", operation, block_text(block_bytes));
  return fmt::format("{} {:g}% {} {}", operation, read_percent, part, block_text(block_bytes));
}

bool FioRow::queue_was_full() const {
  if (!iops || !latency_us || sweep.part != "all") return true;
  const double ratio = *iops * *latency_us * 1e-6 / point.num_in_flight;
  return ratio >= 0.85 && ratio <= 1.1;
}

std::vector<std::string> drop_implausible_runs(std::vector<FioRow>& rows) {
  std::vector<std::string> lines;
  for (FioRow& row : rows) {
    if (row.split != Split::Fit) continue;
    const std::string reason = why_implausible({.operation = row.sweep.operation,
                                                .num_in_flight = row.point.num_in_flight,
                                                .bytes_per_s = row.iops.value_or(0.0) * row.sweep.block_bytes,
                                                .latency_us = row.latency_us,
                                                .quantile_us = row.quantile_us});
    if (reason.empty()) continue;
    row.split = Split::Neither;
    lines.push_back(fmt::format("row {}: {}: not used: {}", row.index + 1, row.sweep.operation, reason));
  }
  return lines;
}

std::vector<FioRow> read_fio_rows(const MeasurementTable& table, std::string_view device_column) {
  std::vector<FioRow> rows;
  rows.reserve(table.num_rows());
  for (std::size_t i = 0; i < table.num_rows(); ++i) {
    FioRow row;
    row.index = i;
    row.unit = unit_of(table, i);
    row.device = table.text(i, device_column);
    row.drive_class = class_of(table.text(i, "class"), row.device);
    row.num_drives = count_in_name(row.device, row.drive_class);
    row.drive_interface = table.text(i, "interface");
    row.date = table.text(i, "date");
    row.io_engine = table.text(i, "ioengine");
    row.scheduler = scheduler_of(table, i);
    row.sweep.operation = normal_operation(table.text(i, "rw"));
    row.sweep.part = table.text(i, "part");
    if (row.sweep.part.empty()) row.sweep.part = "all";
    const auto depth = table.number(i, "iodepth");
    const auto jobs = table.number(i, "numjobs");
    const auto block = table.number(i, "bs_bytes");
    row.problem = problem_of(row, depth, jobs, block);
    row.sweep.block_bytes = block.value_or(4096.0);
    const bool reads = row.sweep.operation == "randread" || row.sweep.operation == "read";
    const double mix = table.number(i, "rwmix_read_pct").value_or(50.0);
    row.sweep.read_percent = row.sweep.is_mix() ? mix : reads ? 100.0 : 0.0;
    if (row.sweep.share() <= 0.0) row.problem = "this half of the mix has no I/Os";
    row.point = {.num_in_flight = depth.value_or(1.0) * jobs.value_or(1.0), .num_jobs = jobs.value_or(1.0)};
    row.iops = positive(table.number(i, "iops"));
    row.latency_us = positive(table.number(i, "lat_mean_us"));
    for (std::size_t q = 0; q < kNumQuantiles; ++q) row.quantile_us[q] = positive(table.number(i, kQuantileColumns[q]));
    row.split = table.split(i);
    rows.push_back(std::move(row));
  }
  part_by_scheduler(rows);
  return rows;
}

}  // namespace labtwin::calibration
