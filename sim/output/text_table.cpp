#include "sim/output/text_table.hpp"

#include <algorithm>
#include <cctype>

#include "models/base/error.hpp"

namespace labtwin::output {
namespace {

bool is_number_like(const std::string& cell) {
  return cell.empty() || std::isdigit(static_cast<unsigned char>(cell.front())) != 0 || cell.front() == '-' ||
         cell.front() == '+';
}

std::string padded(const std::string& cell, std::size_t width, bool to_the_right) {
  const std::string space(width - cell.size(), ' ');
  return to_the_right ? space + cell : cell + space;
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

TextTable::TextTable(std::vector<std::string> header) {
  rows_.push_back(std::move(header));
}

void TextTable::add(std::vector<std::string> row) {
  LABTWIN_CHECK(row.size() == rows_.front().size(), "a row of a table has as many cells as its header");
  rows_.push_back(std::move(row));
}

std::string TextTable::text() const {
  const std::size_t num_columns = rows_.front().size();
  std::vector<std::size_t> widths(num_columns, 0);
  std::vector<char> numeric(num_columns, 1);  // bytes, as g++ 12 warns about vector<bool>
  for (std::size_t column = 0; column < num_columns; ++column) {
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      widths[column] = std::max(widths[column], rows_[row][column].size());
      if (row > 0 && !is_number_like(rows_[row][column])) numeric[column] = 0;
    }
  }
  std::string text;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    std::string line;
    for (std::size_t column = 0; column < num_columns; ++column) {
      if (column > 0) line += "  ";
      line += padded(rows_[row][column], widths[column], column > 0 && numeric[column] != 0);
    }
    text += trimmed(line) + "\n";
    if (row > 0) continue;
    std::size_t total = 2 * (num_columns - 1);
    for (const std::size_t width : widths) total += width;
    text += std::string(total, '-') + "\n";
  }
  return text;
}

}  // namespace labtwin::output
