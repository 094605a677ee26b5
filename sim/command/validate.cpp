// `labtwin validate`: predicted beside measured, for rows that were not fitted on.

#include "sim/command/validate.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "models/base/error.hpp"
#include "models/calibration/measurement_set.hpp"
#include "models/catalog/data_folder.hpp"
#include "sim/command/validation_report.hpp"
#include "sim/run/evaluate_request.hpp"

namespace labtwin::command {
namespace {

struct Options {
  std::vector<std::string> paths;
  bool json = false;
  bool rows = false;
  std::string leave_out;
};

// A bar on stderr, where somebody is looking.
calibration::Progress progress_on_terminal(const std::string& name) {
  if (isatty(fileno(stderr)) == 0) return {};
  return [name](double fraction) {
    fmt::print(stderr, "\r{}: {:3.0f} %", name, 100.0 * fraction);
    if (fraction >= 1.0) fmt::print(stderr, "\r{:{}}\r", "", name.size() + 8);
    std::fflush(stderr);
  };
}

std::filesystem::path data_folder() {
  return catalog::find_data_folder().calibration / "data";
}

// DEVICE/SET of the project's own sets.
std::string folder_of(const std::filesystem::path& path) {
  const std::filesystem::path full = std::filesystem::absolute(path).lexically_normal();
  return (full.parent_path().filename() / full.filename()).string();
}

// Without a path, the project's own sets; a folder without measurements of its own stands for all sets below it.
std::vector<std::filesystem::path> paths_of(const Options& options) {
  if (options.paths.empty()) return calibration::find_measurement_sets(data_folder());
  std::vector<std::filesystem::path> paths;
  for (const std::string& path : options.paths) {
    const std::filesystem::path file(path);
    const auto below = std::filesystem::is_directory(file) && !std::filesystem::exists(file / "manifest.toml")
                           ? calibration::find_measurement_sets(file)
                           : std::vector<std::filesystem::path>{};
    if (below.empty()) {
      paths.push_back(file);
    } else {
      paths.insert(paths.end(), below.begin(), below.end());
    }
  }
  return paths;
}

// Throws ConfigError where a kind's rows cannot be predicted without such a part.
void check_left_out(const calibration::Kind& kind, const std::filesystem::path& path, const std::string& unit) {
  if (unit.empty() || unit == kind.left_out_unit) return;
  const bool has_none = kind.left_out_unit.empty();
  throw ConfigError({.place = {path.string(), 0, 0},
                     .key = "--leave-out",
                     .value = unit,
                     .rule = fmt::format("is nothing that rows of kind {} can be predicted without", kind.name),
                     .hint = has_none ? "leave the option out" : fmt::format("it can be: {}", kind.left_out_unit)});
}

// Checked all before the first is evaluated, which may take its time. Without a path, those that something can be left out of.
std::vector<std::pair<std::filesystem::path, calibration::MeasurementSet>> read_sets(const Options& options) {
  std::vector<std::pair<std::filesystem::path, calibration::MeasurementSet>> sets;
  for (const std::filesystem::path& path : paths_of(options)) {
    calibration::MeasurementSet set = calibration::read_measurement_set(path);
    if (options.paths.empty() && !options.leave_out.empty() && set.kind->left_out_unit.empty()) continue;
    check_left_out(*set.kind, path, options.leave_out);
    sets.emplace_back(path, std::move(set));
  }
  return sets;
}

calibration::Evaluation evaluate(const calibration::MeasurementSet& set, const Options& options) {
  const calibration::Progress progress = progress_on_terminal(set.name);
  if (!options.leave_out.empty()) return set.kind->evaluate_left_out(set.table, progress);
  if (set.kind->evaluate != nullptr) return set.kind->evaluate(set.table, progress);
  return evaluate_in_worker(*set.kind, set.table, progress);
}

void validate(const Options& options) {
  std::vector<ValidatedSet> sets;
  for (auto& [path, set] : read_sets(options)) {
    calibration::Evaluation evaluation = evaluate(set, options);
    sets.push_back({folder_of(path), std::move(set), std::move(evaluation)});
  }
  if (options.paths.empty() && !options.rows && !options.json && options.leave_out.empty()) {
    fmt::print("{}", scorecard_as_text(calibration::read_scorecard(data_folder() / "scorecard.toml"), sets));
    return;
  }
  for (const ValidatedSet& set : sets) {
    for (const std::string& note : set.set.notes) fmt::print(stderr, "{}: {}\n", set.set.name, note);
    for (const std::string& note : set.evaluation.notes) fmt::print(stderr, "{}: {}\n", set.set.name, note);
  }
  if (options.json) {
    fmt::print("{}\n", report_as_json(sets).dump());
  } else {
    fmt::print("{}", report_as_text(sets, options.rows ? ReportDetail::Rows : ReportDetail::Summary));
  }
}

}  // namespace

void add_validate(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  line.add("validate", "Predict held-out measurements and show predicted beside measured")
      .argument("[PATH]", options->paths, "CSV files or folders of measurements; the project's scorecard without one")
      .flag("--json", options->json, "Print the result as JSON")
      .option("--leave-out", options->leave_out, "Predict without what each PART, e.g. card, was fitted to; takes a minute")
      .flag("--rows", options->rows, "Print every row, not the summary alone")
      .runs([options] {
        validate(*options);
        return 0;
      });
}

}  // namespace labtwin::command
