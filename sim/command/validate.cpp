// `labtwin validate`: predicted beside measured, for rows that were not fitted on.

#include "sim/command/validate.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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

void validate(const Options& options) {
  std::vector<ValidatedSet> sets;
  for (const std::filesystem::path& path : paths_of(options)) {
    calibration::MeasurementSet set = calibration::read_measurement_set(path);
    const calibration::Progress progress = progress_on_terminal(set.name);
    calibration::Evaluation evaluation = set.kind->evaluate != nullptr ? set.kind->evaluate(set.table, progress)
                                                                       : evaluate_in_worker(*set.kind, set.table, progress);
    sets.push_back({folder_of(path), std::move(set), std::move(evaluation)});
  }
  if (options.paths.empty() && !options.rows && !options.json) {
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
      .flag("--rows", options->rows, "Print every row, not the summary alone")
      .runs([options] {
        validate(*options);
        return 0;
      });
}

}  // namespace labtwin::command
