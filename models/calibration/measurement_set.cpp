#include "models/calibration/measurement_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "models/base/csv.hpp"
#include "models/base/error.hpp"
#include "models/base/file.hpp"
#include "models/base/text.hpp"
#include "models/calibration/fio_json.hpp"
#include "models/calibration/tool_format.hpp"

namespace labtwin::calibration {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, std::string rule) {
  throw ConfigError({.place = {path.string(), 0, 0}, .key = {}, .value = {}, .rule = std::move(rule), .hint = {}});
}

std::vector<fs::path> files_with(const fs::path& folder, std::string_view extension) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Outputs of tools; a manifest and notes lie beside them under other endings. A table in Markdown is read where it is named.
constexpr std::array<std::string_view, 4> kToolExtensions = {".json", ".jsonl", ".txt", ".log"};

bool is_tool_output(const fs::path& file) {
  const std::string extension = file.extension().string();
  return extension == ".md" || std::find(kToolExtensions.begin(), kToolExtensions.end(), extension) != kToolExtensions.end();
}

MeasurementTable read_outputs(const std::vector<fs::path>& files, const std::string& name, const Manifest& manifest) {
  std::vector<ToolOutput> outputs;
  for (const fs::path& file : files) outputs.push_back({file.filename().string(), read_text_file(file)});
  return read_tool_outputs(name, outputs, manifest);
}

MeasurementTable read_table(const fs::path& path, const std::string& name, const Manifest& manifest) {
  if (!fs::is_directory(path)) {
    if (is_tool_output(path)) return read_outputs({path}, name, manifest);
    return MeasurementTable::from_csv(CsvTable::read(path));
  }
  if (fs::exists(path / "measurements.csv")) return MeasurementTable::from_csv(CsvTable::read(path / "measurements.csv"));
  if (fs::exists(path / "requests.csv")) return MeasurementTable::from_csv(CsvTable::read(path / "requests.csv"));
  const std::vector<fs::path> tables = files_with(path, ".csv");
  if (tables.size() > 1) fail(path, "holds several CSV files: name one, or call it measurements.csv");
  if (tables.size() == 1) return MeasurementTable::from_csv(CsvTable::read(tables.front()));
  std::vector<fs::path> outputs;
  for (const std::string_view extension : kToolExtensions) {
    for (fs::path& file : files_with(path, extension)) outputs.push_back(std::move(file));
  }
  if (outputs.empty()) fail(path, "holds no measurements: a CSV file or outputs of a tool (*.json, *.txt) are needed");
  return read_outputs(outputs, name, manifest);
}

// What the rows were measured with but no prediction reads, in one line.
void note_unused_columns(MeasurementSet& set) {
  static constexpr std::array<std::string_view, 18> kKnown = {
      "id",     "device",    "date",     "source",         "note", "split",     "series",   "part",           "class",
      "direct", "interface", "ioengine", "rwmix_read_pct", "flag", "scheduler", "quantity", "pattern_detail", "bs_bytes"};
  const auto listed = [](const auto& names, const std::string& column) {
    return std::find(names.begin(), names.end(), column) != names.end();
  };
  std::vector<std::string> unused;
  for (const std::string& column : set.table.columns()) {
    if (listed(kKnown, column) || listed(set.kind->recognised_by, column) || listed(set.kind->conditions, column)) continue;
    if (listed(set.kind->optional_conditions, column) || listed(set.kind->quantities, column)) continue;
    unused.push_back(column);
  }
  if (!unused.empty()) set.notes.push_back("columns that no prediction reads: " + join_names(unused));
}

}  // namespace

MeasurementSet read_measurement_set(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) fail(path, "no such file or folder");
  const bool is_folder = fs::is_directory(path);
  const bool of_folder = is_folder || path.filename() == "measurements.csv";
  const fs::path folder = is_folder ? path : fs::absolute(path).parent_path();
  Manifest manifest;
  if (of_folder && fs::exists(folder / "manifest.toml")) manifest = read_manifest(folder / "manifest.toml");
  const fs::path named = of_folder ? fs::weakly_canonical(folder) : path.stem();
  const std::string name = named.filename().string();
  MeasurementSet set{
      .name = name, .table = read_table(path, name, manifest), .kind = nullptr, .manifest = manifest, .notes = {}};
  set.kind = manifest.kind.empty() ? &recognise(set.table) : &kind_by_name(manifest.kind, (folder / "manifest.toml").string());
  check_conditions(*set.kind, set.table);
  set.notes = flagged_runs(set.table);
  note_unused_columns(set);
  return set;
}

std::vector<fs::path> find_measurement_sets(const fs::path& root) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(root, error)) {
    if (entry.path().filename() == "manifest.toml") folders.push_back(entry.path().parent_path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

}  // namespace labtwin::calibration
