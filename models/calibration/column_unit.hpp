#pragma once

// Units in the names of columns: `lat_mean_us` is the quantity `lat_mean` in microseconds.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace labtwin::calibration {

/// A column's name taken apart; the unit is empty where the name ends in none.
struct ColumnUnit {
  std::string_view quantity;
  std::string_view unit;
};
[[nodiscard]] ColumnUnit column_unit(std::string_view column);

/// The column that holds the quantity of `wanted` in another unit, if there is one.
[[nodiscard]] std::optional<std::string> in_another_unit(std::string_view wanted, std::span<const std::string> columns);

}  // namespace labtwin::calibration
