#pragma once

// The tails of a class of drives, from those of its devices.

#include <array>
#include <map>
#include <string>
#include <vector>

#include "models/calibration/tail_process.hpp"

namespace labtwin::calibration {

/// One measured excess of one quantile of a device.
struct DeviceTail {
  std::string device;
  TailPoint point;
  double excess = 0.0;
};

/// What the tail of a drive that was never measured is.
struct ClassTail {
  TailCoefficients coefficients{};
  /// Half-width of the 90 % interval of its excess.
  double spread = 0.0;
};

/// By class: least absolute deviations, each device with the same weight, drawn towards all classes together as far as a class
/// has few rows. The spread is that of devices left out of the fit; of classes with fewer than three devices, that of all.
[[nodiscard]] std::map<std::string, ClassTail> fit_class_tails(const std::map<std::string, std::vector<DeviceTail>>& by_class);

/// What fits all classes together; found under this name in the result.
inline constexpr const char* kAllClasses = "";

}  // namespace labtwin::calibration
