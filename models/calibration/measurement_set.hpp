#pragma once

// A measurement set on disk: a CSV file or the output of a tool, or a folder with `measurements.csv` (or `requests.csv` of a
// serving run, one CSV of any name, or outputs of tools) and `manifest.toml`.

#include <filesystem>
#include <string>
#include <vector>

#include "models/calibration/kind.hpp"
#include "models/calibration/manifest.hpp"
#include "models/calibration/measurement_table.hpp"

namespace labtwin::calibration {

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
