#include "models/calibration/fio_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "models/base/error.hpp"
#include "models/calibration/plausible_run.hpp"

namespace labtwin::calibration {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> kPercentiles = {"50.000000", "95.000000", "99.000000", "99.900000"};
constexpr double kShortestRunMs = 1000.0;

[[noreturn]] void fail(const std::string& file, std::string rule) {
  throw ConfigError({.place = {file, 0, 0}, .key = {}, .value = {}, .rule = std::move(rule), .hint = {}});
}

/// A number of fio's output, which older versions print as text.
std::optional<double> number(const json& object, std::string_view key) {
  const auto found = object.find(key);
  if (found == object.end()) return std::nullopt;
  if (found->is_number()) return found->get<double>();
  if (!found->is_string()) return std::nullopt;
  try {
    return std::stod(found->get<std::string>());
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

/// `4k`, `128K`, `1m`, `4096`, `4KiB` in bytes; nothing for ranges and lists.
std::optional<double> block_bytes(const std::string& text) {
  std::size_t end = 0;
  double value = 0.0;
  try {
    value = std::stod(text, &end);
  } catch (const std::exception&) {
    return std::nullopt;
  }
  std::string unit = text.substr(end);
  std::transform(unit.begin(), unit.end(), unit.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static const std::map<std::string, double> units = {{"", 1.0},         {"b", 1.0},         {"k", 1024.0},
                                                      {"kb", 1024.0},    {"kib", 1024.0},    {"m", 1048576.0},
                                                      {"mb", 1048576.0}, {"mib", 1048576.0}, {"g", 1073741824.0}};
  const auto found = units.find(unit);
  return found == units.end() || value <= 0.0 ? std::nullopt : std::optional(value * found->second);
}

/// Options of a job over those of the whole run.
class JobOptions {
 public:
  JobOptions(const json& root, const json& job) : root_(part(root, "global options")), job_(part(job, "job options")) {}

  [[nodiscard]] std::string text(const char* key, const char* fallback) const {
    for (const json* options : {&job_, &root_}) {
      const auto found = options->find(key);
      if (found != options->end() && found->is_string()) return found->get<std::string>();
      if (found != options->end() && found->is_number()) return found->dump();
    }
    return fallback;
  }

 private:
  static json part(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_object() ? *found : json::object();
  }
  json root_;
  json job_;
};

struct Latency {
  std::optional<double> mean_us;
  std::array<std::optional<double>, 4> percentile_us;
};

Latency read_latency(const json& side) {
  Latency latency;
  for (const auto& [suffix, scale] : {std::pair{"_ns", 1e-3}, std::pair{"", 1.0}}) {
    const auto total = side.find(std::string("lat") + suffix);
    if (!latency.mean_us && total != side.end() && total->is_object()) {
      if (const auto mean = number(*total, "mean")) latency.mean_us = *mean * scale;
    }
    const auto completion = side.find(std::string("clat") + suffix);
    if (completion == side.end() || !completion->is_object() || !completion->contains("percentile")) continue;
    for (std::size_t q = 0; q < kPercentiles.size(); ++q) {
      if (const auto value = number((*completion)["percentile"], kPercentiles[q])) latency.percentile_us[q] = *value * scale;
    }
  }
  return latency;
}

/// One side of one job.
struct Run {
  std::string operation;
  std::string part;
  double read_percent = 100.0;
  double block = 4096.0;
  double depth = 1.0;
  double jobs = 1.0;
  double iops = 0.0;
  double bytes_per_s = 0.0;
  double runtime_ms = 0.0;
  double errors = 0.0;
  Latency latency;
};

std::string flag_of(const Run& run) {
  if (run.errors > 0) return fmt::format("{:.0f} I/O errors", run.errors);
  if (run.runtime_ms < kShortestRunMs) return fmt::format("ran {:.0f} ms: too short to be steady", run.runtime_ms);
  std::string implausible = why_implausible({.operation = run.operation,
                                             .num_in_flight = run.depth * run.jobs,
                                             .bytes_per_s = run.bytes_per_s,
                                             .latency_us = run.latency.mean_us,
                                             .quantile_us = run.latency.percentile_us});
  if (!implausible.empty()) return implausible;
  if (run.part == "all" && run.latency.mean_us) {
    const double full = run.iops * *run.latency.mean_us * 1e-6 / (run.depth * run.jobs);
    if (full < 0.85 || full > 1.1) return fmt::format("the queue held {:.0f} % of the depth asked for", 100.0 * full);
  }
  return {};
}

std::string cell(std::optional<double> value) {
  return value ? fmt::format("{:.10g}", *value) : std::string();
}

// The day of a time stamp in seconds since 1970. Source: Hinnant, "chrono-compatible low-level date algorithms",
// civil_from_days.
std::string date_of(const json& root) {
  const auto stamp = number(root, "timestamp");
  if (!stamp || *stamp < 0.0 || *stamp > 4e11) return {};
  const auto days = static_cast<long>(*stamp / 86400.0) + 719468;
  const long era = days / 146097;
  const long day_of_era = days - era * 146097;
  const long year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const long day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const long shifted_month = (5 * day_of_year + 2) / 153;  // March is 0
  const long day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const long month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const long year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  if (year > 9999) return {};
  return fmt::format("{:04}-{:02}-{:02}", year, month, day);
}

/// `nvme` by the name of the block device, a disk by its latency.
std::string class_of(const json& root, const std::vector<Run>& runs) {
  if (const auto disks = root.find("disk_util"); disks != root.end() && disks->is_array() && !disks->empty()) {
    const std::string name = disks->front().value("name", "");
    if (name.starts_with("nvme")) return "nvme";
  }
  for (const Run& run : runs) {
    if (run.operation == "randread" && run.depth * run.jobs == 1.0 && run.latency.mean_us) {
      if (*run.latency.mean_us > 2000.0) return "hdd";
      return *run.latency.mean_us < 20.0 ? "optane" : "sata_ssd";
    }
  }
  return "sata_ssd";
}

std::string normal_operation(const std::string& rw) {
  if (rw == "readwrite") return "rw";
  return rw;
}

void add_runs(const json& root, const json& job, const std::string& file, std::vector<Run>& runs) {
  const JobOptions options(root, job);
  Run run;
  run.operation = normal_operation(options.text("rw", options.text("readwrite", "read").c_str()));
  run.operation = run.operation.substr(0, run.operation.find(':'));
  const std::string block = options.text("bs", options.text("blocksize", "4096").c_str());
  const auto bytes = block_bytes(block);
  if (!bytes) fail(file, fmt::format("bs = {} is not one block size", block));
  run.block = *bytes;
  run.depth = std::stod(options.text("iodepth", "1"));
  run.jobs = std::stod(options.text("numjobs", "1"));
  run.errors = number(job, "error").value_or(0.0) + number(job, "total_err").value_or(0.0);
  const bool mixed = run.operation == "randrw" || run.operation == "rw";
  run.read_percent = mixed ? std::stod(options.text("rwmixread", "50")) : 100.0;
  for (const char* side_name : {"read", "write"}) {
    const auto side = job.find(side_name);
    if (side == job.end() || !side->is_object()) continue;
    Run half = run;
    half.iops = number(*side, "iops").value_or(0.0);
    if (half.iops <= 0.0) continue;
    half.part = mixed ? side_name : "all";
    half.bytes_per_s = number(*side, "bw_bytes").value_or(number(*side, "bw").value_or(0.0) * 1024.0);
    half.runtime_ms = number(*side, "runtime").value_or(0.0);
    half.latency = read_latency(*side);
    runs.push_back(std::move(half));
  }
}

// Without group_reporting every clone of a job is listed: one loop in several pieces.
std::vector<Run> merge_clones(std::vector<Run> runs) {
  std::vector<Run> merged;
  for (Run& run : runs) {
    const auto same = std::find_if(merged.begin(), merged.end(), [&](const Run& m) {
      return run.jobs > 1.0 && std::tie(m.operation, m.part, m.read_percent, m.block, m.depth, m.jobs) ==
                                   std::tie(run.operation, run.part, run.read_percent, run.block, run.depth, run.jobs);
    });
    if (same == merged.end()) {
      merged.push_back(std::move(run));
      continue;
    }
    const double share = run.iops / (same->iops + run.iops);
    if (same->latency.mean_us && run.latency.mean_us) {
      same->latency.mean_us = *same->latency.mean_us + share * (*run.latency.mean_us - *same->latency.mean_us);
    }
    same->latency.percentile_us = {};  // quantiles of parts do not add up to those of the whole
    same->iops += run.iops;
    same->bytes_per_s += run.bytes_per_s;
    same->runtime_ms = std::min(same->runtime_ms, run.runtime_ms);
    same->errors += run.errors;
  }
  return merged;
}

}  // namespace

bool is_fio_json(std::string_view text) noexcept {
  const std::string_view head = text.substr(0, 4096);
  return head.find("\"fio version\"") != std::string_view::npos;
}

MeasurementTable fio_table(std::string name) {
  return {std::move(name), {"device",     "class",      "interface",   "ioengine", "rw",      "rwmix_read_pct", "part",
                            "bs_bytes",   "iodepth",    "numjobs",     "iops",     "bw_mb_s", "lat_mean_us",    "lat_p50_us",
                            "lat_p95_us", "lat_p99_us", "lat_p999_us", "date",     "source",  "flag",           "split"}};
}

void append_fio_json(MeasurementTable& table, const std::string& file, std::string_view text, const FioContext& context) {
  // fio prints warnings before the object when its output is redirected.
  const std::size_t begin = std::min(text.find('{'), text.size());
  const json root = json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin), text.end(), nullptr, false);
  if (root.is_discarded() || !root.is_object())
    fail(file, "is no complete JSON object: the run was cut off or the file is damaged");
  const auto jobs = root.find("jobs");
  if (jobs == root.end() || !jobs->is_array() || jobs->empty())
    fail(file, "holds no `jobs`: it is no output of fio --output-format=json");
  std::vector<Run> runs;
  try {
    for (const json& job : *jobs) add_runs(root, job, file, runs);
  } catch (const std::logic_error& error) {
    fail(file, fmt::format("an option of a job is no number ({})", error.what()));
  }
  if (runs.empty()) fail(file, "no job did any I/O");
  runs = merge_clones(std::move(runs));
  const std::string engine = JobOptions(root, jobs->front()).text("ioengine", "psync");
  const std::string drive_class = context.drive_class.empty() ? class_of(root, runs) : context.drive_class;
  for (const Run& run : runs) {
    const std::string flag = flag_of(run);
    const bool mixed = run.part != "all";
    const double read_percent = mixed ? run.read_percent : (run.operation.ends_with("read") ? 100.0 : 0.0);
    table.add_row({context.device,
                   drive_class,
                   context.drive_interface,
                   engine,
                   run.operation,
                   cell(read_percent),
                   run.part,
                   cell(run.block),
                   cell(run.depth),
                   cell(run.jobs),
                   cell(run.iops),
                   cell(run.bytes_per_s / 1e6),
                   cell(run.latency.mean_us),
                   cell(run.latency.percentile_us[0]),
                   cell(run.latency.percentile_us[1]),
                   cell(run.latency.percentile_us[2]),
                   cell(run.latency.percentile_us[3]),
                   date_of(root),
                   file,
                   flag,
                   flag.empty() ? "fit" : "flagged"});
  }
}

MeasurementTable read_fio_outputs(const std::string& name, std::span<const ToolOutput> outputs, const Manifest& manifest) {
  MeasurementTable table = fio_table(name);
  const FioContext context{manifest.device.empty() ? name : manifest.device, manifest.drive_class, manifest.drive_interface};
  for (const ToolOutput& output : outputs) append_fio_json(table, output.file, output.text, context);
  return table;
}

std::vector<std::string> flagged_runs(const MeasurementTable& table) {
  std::vector<std::string> lines;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    const std::string_view flag = table.text(row, "flag");
    if (!flag.empty())
      lines.push_back(fmt::format("{}: {}not used: {}", table.text(row, "source"),
                                  table.find_column("rw") ? fmt::format("{}: ", table.text(row, "rw")) : "", flag));
  }
  return lines;
}

}  // namespace labtwin::calibration
