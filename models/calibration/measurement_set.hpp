#pragma once

// A measurement set on disk: a CSV file or the output of a tool, or a folder with `measurements.csv` (or `requests.csv` of a
// serving run, one CSV of any name, or outputs of fio) and `manifest.toml`.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/calibration/kind.hpp"
#include "models/calibration/measurement_table.hpp"

namespace labtwin::calibration {

/// The largest error on held-out rows that a set's predictions may have, and why that is the bar.
struct Bound {
  std::string quantity;
  std::string group;  ///< class and operation, as in Prediction; empty for all rows
  double median_ape_pct = 0.0;
  double p90_ape_pct = 0.0;
  std::string reason;
};

/// manifest.toml.
struct Manifest {
  std::string kind;  ///< empty: recognised by the columns
  std::string device;
  std::string drive_class;      ///< for outputs of fio, which do not tell it
  std::string drive_interface;  ///< likewise
  std::string conditions;       ///< in words: host, engine, preconditioning
  std::string provenance;
  std::vector<Bound> bounds;
};
/// Throws ConfigError; bounds without a reason or beyond 1000 % are mistakes.
[[nodiscard]] Manifest read_manifest(const std::filesystem::path& path);

struct MeasurementSet {
  std::string name;
  MeasurementTable table;
  const Kind* kind = nullptr;
  Manifest manifest;
  std::vector<std::string> notes;  ///< runs that were found to be no measurement, columns that are not used
};

/// Reads a set and tells its kind. Throws ConfigError.
[[nodiscard]] MeasurementSet read_measurement_set(const std::filesystem::path& path);

/// The folders below `root` that have a manifest, sorted.
[[nodiscard]] std::vector<std::filesystem::path> find_measurement_sets(const std::filesystem::path& root);

}  // namespace labtwin::calibration
