#include "models/calibration/column_unit.hpp"

#include <algorithm>
#include <array>

namespace labtwin::calibration {
namespace {

// Rates before what they are rates of.
constexpr std::array<std::string_view, 17> kUnits = {"bytes_s", "kb_s",  "mb_s", "gb_s", "kib_s", "mib_s",
                                                     "gib_s",   "bytes", "kb",   "mb",   "gb",    "kib",
                                                     "mib",     "gib",   "ns",   "us",   "ms"};

}  // namespace

ColumnUnit column_unit(std::string_view column) {
  for (std::string_view unit : kUnits) {
    if (column.size() > unit.size() + 1 && column.ends_with(unit) && column[column.size() - unit.size() - 1] == '_')
      return {column.substr(0, column.size() - unit.size() - 1), unit};
  }
  return {column, {}};
}

std::optional<std::string> in_another_unit(std::string_view wanted, std::span<const std::string> columns) {
  const ColumnUnit of_wanted = column_unit(wanted);
  if (of_wanted.unit.empty()) return std::nullopt;
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const std::string& column) {
    const ColumnUnit other = column_unit(column);
    return other.quantity == of_wanted.quantity && !other.unit.empty() && other.unit != of_wanted.unit;
  });
  return found != columns.end() ? std::optional(*found) : std::nullopt;
}

}  // namespace labtwin::calibration
