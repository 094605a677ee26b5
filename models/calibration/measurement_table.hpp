#pragma once

// Rows of measurements as they stand in a file: text by column name. A cell may be blank; what a blank means is up to the kind.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/csv.hpp"

namespace labtwin::calibration {

/// What a row is for: calibrate, be predicted, or neither.
enum class Split : unsigned char { Fit, HeldOut, Neither };

class MeasurementTable {
 public:
  [[nodiscard]] static MeasurementTable from_csv(const CsvTable& csv);
  /// An empty table with these columns, to be filled by a reader of a tool's output.
  MeasurementTable(std::string name, std::vector<std::string> columns);

  /// `line` is where the row stands in its file, 0 if it has no line.
  void add_row(std::vector<std::string> cells, std::size_t line = 0);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::size_t num_rows() const noexcept { return rows_.size(); }
  [[nodiscard]] const std::vector<std::string>& columns() const noexcept { return columns_; }
  [[nodiscard]] std::optional<std::size_t> find_column(std::string_view column) const noexcept;

  /// The cell of a 0-based row; blank where the table has no such column.
  [[nodiscard]] std::string_view text(std::size_t row, std::string_view column) const noexcept;
  /// The number in a cell; nothing if it is blank. Throws ConfigError with the line if it is something else.
  [[nodiscard]] std::optional<double> number(std::size_t row, std::string_view column) const;
  /// From column `split`; without one, every row is held out.
  [[nodiscard]] Split split(std::size_t row) const noexcept;

  /// As CSV, for writing a captured or imported set.
  [[nodiscard]] std::string to_csv() const;

 private:
  std::string name_;
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> lines_;
};

}  // namespace labtwin::calibration
