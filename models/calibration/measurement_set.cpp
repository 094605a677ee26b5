#include "models/calibration/measurement_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "models/base/csv.hpp"
#include "models/base/error.hpp"
#include "models/base/table_reader.hpp"

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

fs::path csv_of_folder(const fs::path& folder) {
  if (fs::exists(folder / "measurements.csv")) return folder / "measurements.csv";
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().extension() == ".csv") files.push_back(entry.path());
  }
  if (files.empty()) fail(folder, "holds no measurements: a CSV file is needed");
  if (files.size() > 1) fail(folder, "holds several CSV files: name one, or call it measurements.csv");
  return files.front();
}

}  // namespace

Manifest read_manifest(const fs::path& path) {
  const Document document = Document::read(path);
  DiagnosticSink sink;
  TableReader root(document, sink);
  Manifest manifest;
  manifest.kind = root.value_or<std::string>("kind", "");
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
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) fail(path, "no such file or folder");
  const bool is_folder = fs::is_directory(status);
  const fs::path csv = is_folder ? csv_of_folder(path) : path;
  MeasurementSet set{.name = {}, .table = MeasurementTable::from_csv(CsvTable::read(csv)), .kind = nullptr, .manifest = {}};
  const fs::path manifest = csv.parent_path() / "manifest.toml";
  if (fs::exists(manifest) && (is_folder || csv.filename() == "measurements.csv")) set.manifest = read_manifest(manifest);
  const fs::path named = csv.filename() == "measurements.csv" ? fs::absolute(csv).parent_path() : csv;
  set.name = named.stem().string();
  set.kind = set.manifest.kind.empty() ? &recognise(set.table) : &kind_by_name(set.manifest.kind, manifest.string());
  check_conditions(*set.kind, set.table);
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
