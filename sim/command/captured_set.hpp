#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "models/calibration/measurement_table.hpp"

namespace labtwin::command {

/// What was captured, apart from the rows.
struct CapturedSet {
  std::string_view kind;
  std::string device;      ///< its name for people
  std::string conditions;  ///< in words
  std::string_view provenance;
};

/// Writes a measurement set (measurements.csv and manifest.toml) into a folder, which is made.
void write_captured_set(const std::filesystem::path& folder, const calibration::MeasurementTable& table,
                        const CapturedSet& set);

}  // namespace labtwin::command
