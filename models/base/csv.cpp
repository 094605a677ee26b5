#include "models/base/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "models/base/file.hpp"
#include "models/base/text.hpp"

namespace labtwin {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kMostDiagnostics = 20;

[[noreturn]] void fail(const std::string& name, std::size_t line, std::string rule) {
  Diagnostic diagnostic;
  diagnostic.place = {name, line, 1};
  diagnostic.rule = std::move(rule);
  throw ConfigError(std::move(diagnostic));
}

/// Splits a text into cells, one row at a time.
class Splitter {
 public:
  Splitter(std::string name, std::string_view text) : name_(std::move(name)), text_(text) {
    if (text_.starts_with(kByteOrderMark)) position_ = kByteOrderMark.size();
  }

  /// Appends the cells of the next row that is not blank; false at the end of the text.
  bool next_row(std::vector<std::string_view>& cells) {
    skip_blank_lines();
    if (position_ >= text_.size()) return false;
    row_line_ = line_;
    do {
      cells.push_back(next_cell());
    } while (consume(','));
    end_row();
    return true;
  }

  [[nodiscard]] std::size_t row_line() const noexcept { return row_line_; }
  [[nodiscard]] std::shared_ptr<const std::deque<std::string>> unquoted() const { return unquoted_; }

 private:
  void skip_blank_lines() {
    for (std::size_t i = position_; i < text_.size() && is_blank(text_[i]); ++i) {
      if (text_[i] != '\n') continue;
      position_ = i + 1;
      ++line_;
    }
    // What is left of a last line without end.
    if (text_.find_first_not_of(" \t\r", position_) == std::string_view::npos) position_ = text_.size();
  }

  [[nodiscard]] static bool ends_cell(char c) noexcept { return c == ',' || c == '\n' || c == '\r'; }
  [[nodiscard]] static bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

  bool consume(char c) {
    if (position_ >= text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }

  std::string_view next_cell() {
    if (consume('"')) return quoted_cell();
    const std::size_t start = position_;
    while (position_ < text_.size() && !ends_cell(text_[position_])) ++position_;
    return text_.substr(start, position_ - start);
  }

  /// The opening quote has been consumed.
  std::string_view quoted_cell() {
    const std::size_t opened = line_;
    const std::size_t start = position_;
    bool has_doubled_quotes = false;
    for (;; ++position_) {
      position_ = text_.find_first_of("\"\n", position_);
      if (position_ == std::string_view::npos) fail(name_, opened, "a quote is never closed");
      if (text_[position_] == '\n') {
        ++line_;
      } else if (position_ + 1 < text_.size() && text_[position_ + 1] == '"') {
        has_doubled_quotes = true;
        ++position_;
      } else {
        break;
      }
    }
    const std::string_view inside = text_.substr(start, position_ - start);
    ++position_;
    return has_doubled_quotes ? without_doubled_quotes(inside) : inside;
  }

  std::string_view without_doubled_quotes(std::string_view inside) {
    std::string& text = unquoted_->emplace_back();
    for (std::size_t i = 0; i < inside.size(); ++i) {
      text += inside[i];
      if (inside[i] == '"') ++i;
    }
    return text;
  }

  void end_row() {
    consume('\r');
    if (position_ < text_.size() && !consume('\n')) fail(name_, line_, "text follows a closing quote");
    ++line_;
  }

  std::string name_;
  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t line_ = 1;
  std::size_t row_line_ = 1;
  std::shared_ptr<std::deque<std::string>> unquoted_ = std::make_shared<std::deque<std::string>>();
};

std::vector<std::string> header(Splitter& splitter, const std::string& name) {
  std::vector<std::string_view> cells;
  if (!splitter.next_row(cells)) fail(name, 1, "has no header line");
  std::vector<std::string> columns;
  for (std::string_view cell : cells) {
    std::string column(trim(cell));
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) {
      fail(name, splitter.row_line(), fmt::format("two columns are named \"{}\"", printable(column)));
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace

CsvTable CsvTable::read(const std::filesystem::path& path) {
  return from_text(path.string(), read_text_file(path));
}

CsvTable CsvTable::from_text(std::string name, std::string text) {
  CsvTable table(std::move(name));
  table.text_ = std::make_shared<const std::string>(std::move(text));
  Splitter splitter(table.name_, *table.text_);
  table.columns_ = header(splitter, table.name_);
  const auto ends_cell = [](char c) { return c == ',' || c == '\n'; };
  table.cells_.reserve(static_cast<std::size_t>(std::count_if(table.text_->begin(), table.text_->end(), ends_cell)) + 1);
  std::vector<Diagnostic> ragged;
  std::size_t filled = 0;
  while (ragged.size() < kMostDiagnostics && splitter.next_row(table.cells_)) {
    const std::size_t count = table.cells_.size() - filled;
    if (count != table.columns_.size()) {
      Diagnostic diagnostic;
      diagnostic.place = {table.name_, splitter.row_line(), 1};
      diagnostic.rule = fmt::format("has {} cells where the header has {}", count, table.columns_.size());
      ragged.push_back(std::move(diagnostic));
    }
    table.lines_.push_back(splitter.row_line());
    filled = table.cells_.size();
  }
  if (!ragged.empty()) throw ConfigError(std::move(ragged));
  table.unquoted_ = splitter.unquoted();
  return table;
}

std::optional<std::size_t> CsvTable::find_column(std::string_view name) const noexcept {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

std::size_t CsvTable::column(std::string_view name) const {
  if (const auto index = find_column(name)) return *index;
  Diagnostic diagnostic;
  diagnostic.place = {name_, 1, 1};
  diagnostic.rule = fmt::format("has no column \"{}\"", printable(name));
  diagnostic.hint = nearest_name_hint(name, columns_);
  throw ConfigError(std::move(diagnostic));
}

std::string_view CsvTable::cell(std::size_t row, std::size_t column) const {
  LABTWIN_CHECK(row < num_rows() && column < columns_.size(), "a cell outside its table");
  return cells_[row * columns_.size() + column];
}

std::optional<double> CsvTable::number(std::size_t row, std::size_t column) const {
  const std::string_view text = trim(cell(row, column));
  if (text.empty()) return std::nullopt;
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
    throw ConfigError(diagnostic(row, column, "must be a number"));
  }
  return value;
}

Diagnostic CsvTable::diagnostic(std::size_t row, std::size_t column, std::string rule) const {
  Diagnostic diagnostic;
  diagnostic.place = {name_, line(row), 1};
  diagnostic.key = printable(columns_.at(column));
  diagnostic.value = fmt::format("\"{}\"", printable(cell(row, column)));
  diagnostic.rule = std::move(rule);
  return diagnostic;
}

}  // namespace labtwin
