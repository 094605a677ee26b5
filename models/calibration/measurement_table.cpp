#include "models/calibration/measurement_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "models/base/error.hpp"
#include "models/base/text.hpp"

namespace labtwin::calibration {
namespace {

std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"\n\r") == std::string::npos) return cell;
  std::string text = "\"";
  for (char c : cell) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + '"';
}

void append_record(std::string& text, const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) text += ',';
    text += quoted(cells[i]);
  }
  text += '\n';
}

}  // namespace

MeasurementTable::MeasurementTable(std::string name, std::vector<std::string> columns)
    : name_(std::move(name)), columns_(std::move(columns)) {}

MeasurementTable MeasurementTable::from_csv(const CsvTable& csv) {
  MeasurementTable table(csv.name(), csv.columns());
  for (std::size_t row = 0; row < csv.num_rows(); ++row) {
    std::vector<std::string> cells;
    cells.reserve(csv.columns().size());
    for (std::size_t column = 0; column < csv.columns().size(); ++column) cells.emplace_back(csv.cell(row, column));
    table.add_row(std::move(cells), csv.line(row));
  }
  return table;
}

void MeasurementTable::add_row(std::vector<std::string> cells, std::size_t line) {
  LABTWIN_CHECK(cells.size() == columns_.size(), name_);
  rows_.push_back(std::move(cells));
  lines_.push_back(line);
}

std::optional<std::size_t> MeasurementTable::find_column(std::string_view column) const noexcept {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

std::string_view MeasurementTable::text(std::size_t row, std::string_view column) const noexcept {
  const auto index = find_column(column);
  return index ? std::string_view(rows_[row][*index]) : std::string_view();
}

std::optional<double> MeasurementTable::number(std::size_t row, std::string_view column) const {
  const std::string_view cell = trim(text(row, column));
  if (cell.empty()) return std::nullopt;
  double value = 0.0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error == std::errc{} && end == cell.data() + cell.size() && std::isfinite(value)) return value;
  throw ConfigError({.place = {name_, lines_[row], lines_[row] > 0 ? 1U : 0U},
                     .key = std::string(column),
                     .value = printable(cell),
                     .rule = "must be a number or blank",
                     .hint = {}});
}

Split MeasurementTable::split(std::size_t row) const noexcept {
  if (!find_column("split")) return Split::HeldOut;
  const std::string_view word = text(row, "split");
  if (word == "fit") return Split::Fit;
  return word == "held_out" ? Split::HeldOut : Split::Neither;
}

std::string MeasurementTable::to_csv() const {
  std::string text;
  append_record(text, columns_);
  for (const auto& row : rows_) append_record(text, row);
  return text;
}

}  // namespace labtwin::calibration
