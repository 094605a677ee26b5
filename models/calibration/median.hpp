#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace labtwin::calibration {

/// The value in the middle; of an even number the larger of the two. `values` must not be empty.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace labtwin::calibration
