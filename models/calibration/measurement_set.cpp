#include "models/calibration/measurement_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "models/base/csv.hpp"
#include "models/base/error.hpp"
#include "models/base/file.hpp"
#include "models/base/table_reader.hpp"
#include "models/base/text.hpp"
#include "models/calibration/fio_json.hpp"

namespace labtwin::calibration {
namespace {

namespace fs = std::filesystem;

constexpr Range kPercentBound{.low = 0.0, .low_included = false, .high = 1000.0};

[[noreturn]] void fail(const fs::path& path, std::string rule) {
  throw ConfigError({.place = {path.string(), 0, 0}, .key = {}, .value = {}, .rule = std::move(rule), .hint = {}});
}

Bound read_bound(TableReader table) {
  Bound bound;
  bound.quantity = table.required<std::string>("quantity");
  bound.group = table.value_or<std::string>("group", "");
  bound.median_ape_pct = table.required<double>("median_ape_pct", kPercentBound);
  bound.p90_ape_pct = table.required<double>("p90_ape_pct", kPercentBound);
  bound.reason = table.required<std::string>("reason");
  if (table.has("reason") && bound.reason.empty()) table.fail("reason", "must say why this is the bar");
  return bound;
}

std::vector<fs::path> files_with(const fs::path& folder, std::string_view extension) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

MeasurementTable read_fio_outputs(const std::vector<fs::path>& files, const std::string& name, const Manifest& manifest) {
  MeasurementTable table = fio_table(name);
  const FioContext context{manifest.device.empty() ? name : manifest.device, manifest.drive_class, manifest.drive_interface};
  for (const fs::path& file : files) {
    const std::string text = read_text_file(file);
    if (!is_fio_json(text)) fail(file, "is no output of fio --output-format=json");
    append_fio_json(table, file.filename().string(), text, context);
  }
  return table;
}

MeasurementTable read_table(const fs::path& path, const std::string& name, const Manifest& manifest) {
  if (!fs::is_directory(path)) {
    if (path.extension() == ".json") return read_fio_outputs({path}, name, manifest);
    return MeasurementTable::from_csv(CsvTable::read(path));
  }
  if (fs::exists(path / "measurements.csv")) return MeasurementTable::from_csv(CsvTable::read(path / "measurements.csv"));
  if (fs::exists(path / "requests.csv")) return MeasurementTable::from_csv(CsvTable::read(path / "requests.csv"));
  const std::vector<fs::path> tables = files_with(path, ".csv");
  if (tables.size() > 1) fail(path, "holds several CSV files: name one, or call it measurements.csv");
  if (tables.size() == 1) return MeasurementTable::from_csv(CsvTable::read(tables.front()));
  const std::vector<fs::path> outputs = files_with(path, ".json");
  if (outputs.empty()) fail(path, "holds no measurements: a CSV file or outputs of fio (*.json) are needed");
  return read_fio_outputs(outputs, name, manifest);
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

Manifest read_manifest(const fs::path& path) {
  const Document document = Document::read(path);
  DiagnosticSink sink;
  TableReader root(document, sink);
  Manifest manifest;
  manifest.kind = root.value_or<std::string>("kind", "");
  manifest.drive_class = root.value_or<std::string>("class", "");
  manifest.drive_interface = root.value_or<std::string>("interface", "");
  manifest.device = root.value_or<std::string>("device", "");
  manifest.conditions = root.value_or<std::string>("conditions", "");
  manifest.provenance = root.value_or<std::string>("provenance", "");
  for (TableReader& table : root.tables("bound")) manifest.bounds.push_back(read_bound(std::move(table)));
  root.finish();
  sink.throw_if_any();
  return manifest;
}

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
