#pragma once

// Measurements name one drive in many ways: `Samsung PM9A3 3.84TB`, `NvMe Samsung EVO960_1TB`.

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace labtwin::calibration {

/// A drive's name cut into what tells the model and what tells its size. What stands in parentheses is left out.
struct DriveName {
  std::set<std::string> words;  ///< runs of lower-case letters and runs of digits
  std::optional<double> capacity_gb;
};
[[nodiscard]] DriveName drive_name(std::string_view name);

/// Whether `asked` means the model `known` in any size: it has all of its words, one of which is a number, and none that makes
/// another model (`plus`, `pro`, ...).
[[nodiscard]] bool is_same_model(const DriveName& known, const DriveName& asked);

}  // namespace labtwin::calibration
