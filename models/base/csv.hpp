#pragma once

// Reads CSV as RFC 4180 has it: comma, quotes, doubled quotes inside quotes, CR LF or LF. The first line names the columns. A
// byte order mark and blank lines are ignored.

#include <cstddef>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/error.hpp"

namespace labtwin {

/// A table of text cells. Throws ConfigError with file and line for what is no table: a row with another number of cells than
/// the header, a quote left open, a column named twice, no header.
class CsvTable {
 public:
  [[nodiscard]] static CsvTable read(const std::filesystem::path& path);
  /// `name` stands for the file in errors.
  [[nodiscard]] static CsvTable from_text(std::string name, std::string text);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::vector<std::string>& columns() const noexcept { return columns_; }
  [[nodiscard]] std::size_t num_rows() const noexcept { return lines_.size(); }

  [[nodiscard]] std::optional<std::size_t> find_column(std::string_view name) const noexcept;
  /// Throws ConfigError, with the nearest name, if there is no such column.
  [[nodiscard]] std::size_t column(std::string_view name) const;

  /// Rows and columns count from 0.
  [[nodiscard]] std::string_view cell(std::size_t row, std::size_t column) const;
  /// The cell as a finite number, nothing if it is blank. Throws ConfigError if it is something else.
  [[nodiscard]] std::optional<double> number(std::size_t row, std::size_t column) const;
  /// The line of the file where a row starts.
  [[nodiscard]] std::size_t line(std::size_t row) const { return lines_.at(row); }
  /// An error about a cell, for rules that only the caller knows.
  [[nodiscard]] Diagnostic diagnostic(std::size_t row, std::size_t column, std::string rule) const;

 private:
  explicit CsvTable(std::string name) : name_(std::move(name)) {}

  std::string name_;
  std::shared_ptr<const std::string> text_;                  // cells point into it
  std::shared_ptr<const std::deque<std::string>> unquoted_;  // or into here, if they held doubled quotes
  std::vector<std::string> columns_;
  std::vector<std::string_view> cells_;  // (num_rows, num_columns), row by row
  std::vector<std::size_t> lines_;       // (num_rows)
};

}  // namespace labtwin
