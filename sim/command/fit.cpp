// `labtwin fit`: from measurements to a catalog entry, or to the class priors that ship.

#include "sim/command/fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>

#include "models/base/error.hpp"
#include "models/base/file.hpp"
#include "models/base/text.hpp"
#include "models/calibration/class_prior_fit.hpp"
#include "models/calibration/drive_entry.hpp"
#include "models/calibration/entry_tables.hpp"
#include "models/calibration/fio_row.hpp"
#include "models/calibration/llm_fit.hpp"
#include "models/calibration/measurement_set.hpp"
#include "models/catalog/data_folder.hpp"

namespace labtwin::command {
namespace {

struct Options {
  std::string path;
  std::string out;
  std::string name;
  std::string device;
  bool class_priors = false;
  bool throughput_factors = false;
};

void write_or_print(const std::string& text, const std::string& out) {
  if (out.empty()) {
    fmt::print("{}", text);
  } else {
    write_file_atomically(out, text);
  }
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

// A set of the project by its path below the data folder, another by its name: a catalog entry names no place on this machine.
std::string set_name(const calibration::MeasurementSet& set, const std::string& path) {
  const std::filesystem::path data = catalog::find_data_folder().calibration;
  const std::filesystem::path below =
      std::filesystem::weakly_canonical(path).lexically_relative(std::filesystem::weakly_canonical(data));
  return below.empty() || *below.begin() == ".." ? set.name : ("calibration" / below).string();
}

// A set without a split column is a drive's own runs: all of them are there to be fitted.
std::vector<calibration::FioRow> rows_to_fit(const calibration::MeasurementSet& set) {
  std::vector<calibration::FioRow> rows = calibration::read_fio_rows(set.table);
  const bool has_split = set.table.find_column("split").has_value();
  for (calibration::FioRow& row : rows) {
    if (!has_split) row.split = calibration::Split::Fit;
  }
  for (const std::string& line : calibration::drop_implausible_runs(rows)) fmt::print(stderr, "{}: {}\n", set.name, line);
  return rows;
}

std::string chosen_device(const std::vector<std::string>& devices, const Options& options) {
  const std::string& wanted = options.device.empty() && devices.size() == 1 ? devices.front() : options.device;
  if (std::find(devices.begin(), devices.end(), wanted) != devices.end()) return wanted;
  throw ConfigError(
      {.place = {options.path, 0, 0},
       .key = "--device",
       .value = wanted,
       .rule = wanted.empty() ? "holds several devices: name one with --device" : "is no device of these measurements",
       .hint = wanted.empty() ? join_names(devices) : nearest_name_hint(wanted, devices)});
}

// What `capture` leaves in a folder beside the sweeps; nothing if there is none.
std::optional<calibration::MeasurementSet> captured_beside(const std::filesystem::path& path, std::string_view name) {
  const std::filesystem::path folder = path / name;
  if (!std::filesystem::is_directory(folder)) return std::nullopt;
  calibration::MeasurementSet set = calibration::read_measurement_set(folder);
  if (set.kind->name != "interference") {
    throw ConfigError({.place = {folder.string(), 0, 0},
                       .key = {},
                       .value = {},
                       .rule = fmt::format("must hold measurements of kind interference, not {}", set.kind->name),
                       .hint = {}});
  }
  return set;
}

calibration::BesideOthers beside_others(const std::filesystem::path& path) {
  calibration::BesideOthers beside;
  if (const auto set = captured_beside(path, "beside_writes")) beside.writes = calibration::reads_beside_writes(set->table);
  if (const auto set = captured_beside(path, "beside_reads")) beside.reads = calibration::reads_beside_reads(set->table);
  return beside;
}

// Measurements that tell a part of an entry: its tables.
void fit_tables(const calibration::MeasurementSet& set, const Options& options) {
  const calibration::Evaluation evaluation = set.kind->evaluate(calibration::all_to_fit(set.table), {});
  std::vector<std::string> units;
  for (const calibration::FitSummary& fit : evaluation.fits) units.push_back(fit.unit);
  if (units.empty()) {
    throw ConfigError(
        {.place = {options.path, 0, 0}, .key = {}, .value = {}, .rule = "holds no row that can be fitted", .hint = {}});
  }
  const std::string device = chosen_device(units, options);
  for (const calibration::FitSummary& fit : evaluation.fits) {
    if (fit.unit == device) write_or_print(calibration::entry_tables(fit), options.out);
  }
}

// The factors of the throughput law are universal: all sets of a folder tell them together.
void fit_throughput_factors(const Options& options) {
  write_or_print(calibration::fit_llm_throughput(calibration::read_llm_tables(options.path)), options.out);
}

void fit(const Options& options) {
  if (options.throughput_factors) {
    fit_throughput_factors(options);
    return;
  }
  const calibration::MeasurementSet set = calibration::read_measurement_set(options.path);
  for (const std::string& note : set.notes) fmt::print(stderr, "{}: {}\n", set.name, note);
  if (calibration::makes_entry_tables(set.kind->name)) {
    fit_tables(set, options);
    return;
  }
  if (set.kind->fit_universal != nullptr) {
    write_or_print(set.kind->fit_universal(set.table), options.out);
    return;
  }
  if (set.kind->name != "fio_sweep") {
    throw ConfigError({.place = {options.path, 0, 0},
                       .key = {},
                       .value = {},
                       .rule = fmt::format("measurements of kind {} make no catalog entry", set.kind->name),
                       .hint = {}});
  }
  const std::vector<calibration::FioRow> rows = rows_to_fit(set);
  const calibration::ClassPriors& priors = calibration::ClassPriors::shipped();
  if (options.class_priors) {
    const std::vector<calibration::DatasheetRate> sheets = calibration::datasheet_rates(calibration::CatalogDrives(), priors);
    write_or_print(calibration::fit_class_priors(rows, priors, sheets).to_toml(), options.out);
    return;
  }
  const std::string device = chosen_device(calibration::devices_of(rows), options);
  const std::vector<calibration::FioRow> chosen = calibration::main_path_rows(rows, device);
  std::string date;
  for (const calibration::FioRow& row : chosen) date = std::max(date, row.date);
  const std::string name = options.name.empty() ? device : options.name;
  std::string path = chosen.empty() ? std::string() : chosen.front().io_engine;
  if (!chosen.empty() && !chosen.front().drive_interface.empty()) path = chosen.front().drive_interface + ", " + path;
  write_or_print(calibration::drive_entry_toml(chosen, beside_others(options.path), priors,
                                               {.name = name,
                                                .source = fmt::format("fio sweeps of {} ({})", device, path),
                                                .set = set_name(set, options.path),
                                                .date = date.empty() ? today() : date}),
                 options.out);
}

}  // namespace

void add_fit(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  line.add("fit", "Fit a catalog entry to measurements")
      .argument("PATH", options->path, "CSV file or folder of measurements")
      .option("--out", options->out, "File to write; standard output without it")
      .option("--name", options->name, "Name of the part")
      .option("--device", options->device, "Which device, where the measurements are of several")
      .flag("--class-priors", options->class_priors, "Fit the priors of all classes instead of one drive")
      .flag("--throughput-factors", options->throughput_factors,
            "Fit the factors of the throughput law to the sets of a folder")
      .runs([options] {
        fit(*options);
        return 0;
      });
}

}  // namespace labtwin::command
