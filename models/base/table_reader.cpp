#include "models/base/table_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "models/base/text.hpp"

namespace labtwin {
namespace {

/// A value as diagnostics show it.
std::string shown(const Value& value) {
  if (value.kind == Value::Kind::Table) return "{...}";
  if (value.kind == Value::Kind::Array) return "[...]";
  return printable(value.to_toml());
}

std::string bound_text(double bound, Dimension dimension) {
  return dimension == Dimension{} ? fmt::format("{}", bound) : format_in_base_units(bound, dimension);
}

std::string range_rule(const Range& range, Dimension dimension) {
  if (range.low && range.high && range.low_included && range.high_included) {
    return fmt::format("must be between {} and {}", bound_text(*range.low, dimension), bound_text(*range.high, dimension));
  }
  std::string rule = "must be";
  if (range.low) rule += fmt::format(" {} {}", range.low_included ? ">=" : ">", bound_text(*range.low, dimension));
  if (range.low && range.high) rule += " and";
  if (range.high) rule += fmt::format(" {} {}", range.high_included ? "<=" : "<", bound_text(*range.high, dimension));
  return rule;
}

bool in_range(double number, const Range& range) {
  if (range.low && (range.low_included ? number < *range.low : number <= *range.low)) return false;
  return !range.high || (range.high_included ? number <= *range.high : number < *range.high);
}

std::string join_path(const std::string& path, std::string_view key) {
  return path.empty() ? printable(key) : fmt::format("{}.{}", path, printable(key));
}

}  // namespace

void DiagnosticSink::add(const ConfigError& error) {
  diagnostics_.insert(diagnostics_.end(), error.diagnostics().begin(), error.diagnostics().end());
}

void DiagnosticSink::throw_if_any() const {
  if (diagnostics_.empty()) return;
  std::vector<Diagnostic> sorted = diagnostics_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.place.file, a.place.line, a.place.column) < std::tie(b.place.file, b.place.line, b.place.column);
  });
  throw ConfigError(std::move(sorted));
}

/// For every table that a reader was made of: the keys asked for, present or not.
struct TableReader::State {
  struct Asked {
    std::set<std::string, std::less<>> keys;
    std::string path;
    bool accepts_rest = false;
  };

  Document document;
  std::map<const Value*, Asked> tables;
  std::vector<std::unique_ptr<Value>> stand_ins;  // empty tables in place of missing ones

  void report_unknown(const Value& table, DiagnosticSink& sink) const;
  void report_unknown_inside(const Value& value, DiagnosticSink& sink) const;
};

void TableReader::State::report_unknown(const Value& table, DiagnosticSink& sink) const {
  const auto asked = tables.find(&table);
  if (asked == tables.end()) return;
  const Asked& known = asked->second;
  const std::vector<std::string> names(known.keys.begin(), known.keys.end());
  for (const Entry& entry : table.entries) {
    if (known.keys.contains(entry.key)) {
      report_unknown_inside(entry.value, sink);
    } else if (!known.accepts_rest) {
      Diagnostic diagnostic;
      diagnostic.place = entry.place;
      diagnostic.key = join_path(known.path, entry.key);
      diagnostic.rule = "unknown key";
      diagnostic.hint = nearest_name_hint(entry.key, names);
      sink.add(std::move(diagnostic));
    }
  }
}

void TableReader::State::report_unknown_inside(const Value& value, DiagnosticSink& sink) const {
  report_unknown(value, sink);
  for (const Value& item : value.items) report_unknown_inside(item, sink);
  if (tables.contains(&value)) return;
  for (const Entry& entry : value.entries) report_unknown_inside(entry.value, sink);
}

TableReader::TableReader(const Document& document, DiagnosticSink& sink)
    : state_(std::make_shared<State>(State{document, {}, {}})),
      sink_(&sink),
      table_(&document.root()),
      owns_finish_(true),
      exceptions_at_start_(std::uncaught_exceptions()) {
  state_->tables[table_];
}

TableReader::TableReader(const TableReader& parent, const Value& table, std::string path, std::string name)
    : state_(parent.state_),
      sink_(parent.sink_),
      table_(&table),
      path_(std::move(path)),
      name_(std::move(name)),
      owns_finish_(false),
      exceptions_at_start_(parent.exceptions_at_start_) {
  state_->tables[table_].path = path_;
}

TableReader::TableReader(TableReader&& other) noexcept
    : state_(std::move(other.state_)),
      sink_(other.sink_),
      table_(other.table_),
      path_(std::move(other.path_)),
      name_(std::move(other.name_)),
      owns_finish_(std::exchange(other.owns_finish_, false)),
      finished_(other.finished_),
      exceptions_at_start_(other.exceptions_at_start_) {}

TableReader::~TableReader() noexcept(false) {
  const bool dropped = owns_finish_ && !finished_ && std::uncaught_exceptions() == exceptions_at_start_;
  LABTWIN_CHECK(!dropped, "a TableReader was dropped without finish()");
}

void TableReader::finish() {
  LABTWIN_CHECK(owns_finish_, "finish() belongs to the reader of the document");
  finished_ = true;
  state_->report_unknown(*table_, *sink_);
}

void TableReader::accept_rest() {
  state_->tables[table_].accepts_rest = true;
}

const Value* TableReader::raw(std::string_view key) {
  state_->tables[table_].keys.emplace(key);
  const Entry* entry = table_->find(key);
  return entry == nullptr ? nullptr : &entry->value;
}

bool TableReader::has(std::string_view key) {
  return raw(key) != nullptr;
}

std::vector<std::string> TableReader::keys() const {
  std::vector<std::string> keys;
  for (const Entry& entry : table_->entries) keys.push_back(entry.key);
  return keys;
}

std::string TableReader::path(std::string_view key) const {
  return join_path(path_, key);
}

SourcePlace TableReader::place(std::string_view key) const {
  const Entry* entry = table_->find(key);
  return entry == nullptr ? table_->place : entry->place;
}

std::string TableReader::element_path(std::string_view key, std::size_t index) const {
  return fmt::format("{}[{}]", path(key), index);
}

void TableReader::fail(std::string_view key, std::string rule, std::string hint) {
  Diagnostic diagnostic;
  diagnostic.place = place(key);
  diagnostic.key = key.empty() ? path_ : path(key);
  if (const Entry* entry = table_->find(key)) {
    diagnostic.place = entry->value.place;
    diagnostic.value = shown(entry->value);
  }
  diagnostic.rule = std::move(rule);
  diagnostic.hint = std::move(hint);
  sink_->add(std::move(diagnostic));
}

void TableReader::fail_value(const Value& value, const std::string& path, std::string rule, std::string hint) {
  Diagnostic diagnostic;
  diagnostic.place = value.place;
  diagnostic.key = path;
  diagnostic.value = shown(value);
  diagnostic.rule = std::move(rule);
  diagnostic.hint = std::move(hint);
  sink_->add(std::move(diagnostic));
}

bool TableReader::find_required(std::string_view key) {
  if (has(key)) return true;
  if (state_->tables[table_].accepts_rest) return false;  // the table itself was missing or broken, and that was reported
  Diagnostic diagnostic;
  diagnostic.place = table_->place;
  diagnostic.key = path(key);
  diagnostic.rule = "is missing";
  sink_->add(std::move(diagnostic));
  return false;
}

TableReader TableReader::inner(const Value& table, std::string path, std::string name) const {
  return {*this, table, std::move(path), std::move(name)};
}

TableReader TableReader::table(std::string_view key) {
  if (find_required(key)) {
    if (std::optional<TableReader> reader = optional_table(key)) return std::move(*reader);
  }
  state_->stand_ins.push_back(std::make_unique<Value>());
  state_->stand_ins.back()->place = place(key);
  TableReader stand_in = inner(*state_->stand_ins.back(), path(key), std::string(key));
  stand_in.accept_rest();
  return stand_in;
}

std::optional<TableReader> TableReader::optional_table(std::string_view key) {
  const Value* value = raw(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind != Value::Kind::Table) {
    fail_value(*value, path(key), fmt::format("must be a table, not {}", kind_name(value->kind)));
    return std::nullopt;
  }
  return inner(*value, path(key), std::string(key));
}

std::vector<const Value*> TableReader::array_items(std::string_view key) {
  const Value* value = raw(key);
  if (value == nullptr) return {};
  if (value->kind != Value::Kind::Array) {
    fail_value(*value, path(key), fmt::format("must be an array, not {}", kind_name(value->kind)));
    return {};
  }
  std::vector<const Value*> items;
  for (const Value& item : value->items) items.push_back(&item);
  return items;
}

std::vector<TableReader> TableReader::tables(std::string_view key) {
  std::vector<TableReader> readers;
  std::size_t index = 0;
  for (const Value* item : array_items(key)) {
    const std::string item_path = element_path(key, index++);
    if (item->kind == Value::Kind::Table) {
      readers.push_back(inner(*item, item_path, std::string(key)));
    } else {
      fail_value(*item, item_path, fmt::format("must be a table, not {}", kind_name(item->kind)));
    }
  }
  return readers;
}

std::vector<TableReader> TableReader::named_tables(std::string_view key) {
  std::vector<TableReader> readers;
  std::optional<TableReader> outer = optional_table(key);
  if (!outer) return readers;
  for (const std::string& name : outer->keys()) {
    if (auto reader = outer->optional_table(name)) readers.push_back(std::move(*reader));
  }
  return readers;
}

bool TableReader::check_range(const Value& value, const std::string& path, double number, Range range, Dimension dimension) {
  if (in_range(number, range)) return true;
  fail_value(value, path, range_rule(range, dimension));
  return false;
}

std::optional<double> TableReader::read_number(const Value& value, const std::string& path, Range range, Dimension dimension) {
  double number = value.number;
  if (dimension == Dimension{}) {
    if (value.kind != Value::Kind::Integer && value.kind != Value::Kind::Float) {
      fail_value(value, path, fmt::format("must be a number, not {}", kind_name(value.kind)));
      return std::nullopt;
    }
  } else if (value.kind == Value::Kind::String) {
    const ParsedQuantity parsed = parse_in_base_units(value.text, dimension);
    if (!parsed.problem.empty()) {
      fail_value(value, path, parsed.problem);
      return std::nullopt;
    }
    number = parsed.value;
  } else {
    fail_value(value, path, fmt::format("must be a string with a number and a unit: {}", accepted_units(dimension)));
    return std::nullopt;
  }
  if (!std::isfinite(number)) {
    fail_value(value, path, "must be finite");
    return std::nullopt;
  }
  return check_range(value, path, number, range, dimension) ? std::optional<double>(number) : std::nullopt;
}

std::optional<std::int64_t> TableReader::read_integer(const Value& value, const std::string& path, Range range,
                                                      std::int64_t low, std::int64_t high) {
  if (value.kind != Value::Kind::Integer) {
    fail_value(value, path, fmt::format("must be an integer, not {}", kind_name(value.kind)));
    return std::nullopt;
  }
  if (!check_range(value, path, value.number, range, {})) return std::nullopt;
  if (value.integer < low || value.integer > high) {
    fail_value(value, path, fmt::format("must be between {} and {}", low, high));
    return std::nullopt;
  }
  return value.integer;
}

std::optional<bool> TableReader::read_boolean(const Value& value, const std::string& path) {
  if (value.kind == Value::Kind::Boolean) return value.boolean;
  fail_value(value, path, fmt::format("must be true or false, not {}", kind_name(value.kind)));
  return std::nullopt;
}

std::optional<std::string> TableReader::read_string(const Value& value, const std::string& path) {
  if (value.kind == Value::Kind::String) return value.text;
  fail_value(value, path, fmt::format("must be a string, not {}", kind_name(value.kind)));
  return std::nullopt;
}

std::optional<std::size_t> TableReader::read_name(std::string_view key, const std::vector<std::string>& names) {
  const std::optional<std::string> text = read_string(*raw(key), path(key));
  if (!text) return std::nullopt;
  const auto found = std::find(names.begin(), names.end(), *text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  fail_value(*raw(key), path(key), fmt::format("must be one of {}", join_names(names)), nearest_name_hint(*text, names));
  return std::nullopt;
}

}  // namespace labtwin
