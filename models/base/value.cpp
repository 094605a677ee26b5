// The tree of a document: looking up, writing back, and applying overrides. Parsing is in document.cpp.

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "models/base/document.hpp"
#include "models/base/text.hpp"

namespace labtwin {
namespace {

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      result += fmt::format("\\u{:04X}", byte);
    } else {
      result += c;
    }
  }
  return result + '"';
}

bool is_bare_key(std::string_view key) {
  constexpr std::string_view kBare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !key.empty() && key.find_first_not_of(kBare) == std::string_view::npos;
}

std::string number_to_toml(double number) {
  std::string text = fmt::format("{}", number);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";  // stays a float when read again
  return text;
}

std::string array_to_toml(const Value& value) {
  std::string text = "[";
  for (const Value& item : value.items) text += (text.size() > 1 ? ", " : "") + item.to_toml();
  return text + "]";
}

std::string table_to_toml(const Value& value) {
  std::string text;
  for (const Entry& entry : value.entries) {
    const std::string key = is_bare_key(entry.key) ? entry.key : toml_string(entry.key);
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", key, entry.value.to_toml());
  }
  return text.empty() ? "{}" : fmt::format("{{ {} }}", text);
}

/// Splits `a.b."c.d"` at the dots outside quotes; nothing if a segment is empty or a quote stays open.
std::optional<std::vector<std::string>> split_key(std::string_view key) {
  std::vector<std::string> segments(1);
  bool in_quotes = false;
  for (char c : key) {
    if (c == '"') {
      in_quotes = !in_quotes;
    } else if (c == '.' && !in_quotes) {
      if (segments.back().empty()) return std::nullopt;
      segments.emplace_back();
    } else {
      segments.back() += c;
    }
  }
  constexpr std::size_t kDeepest = 16;
  if (in_quotes || segments.back().empty() || segments.size() > kDeepest) return std::nullopt;
  return segments;
}

Entry* find_entry(Value& table, std::string_view key) {
  for (Entry& entry : table.entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

std::vector<std::string> keys_of(const Value& table) {
  std::vector<std::string> keys;
  for (const Entry& entry : table.entries) keys.push_back(entry.key);
  return keys;
}

/// Whether the keys of a table are names that its author chose (`[services.NAME]`): all values are tables.
bool has_chosen_names(const Value& table) {
  for (const Entry& entry : table.entries) {
    if (entry.value.kind != Value::Kind::Table) return false;
  }
  return !table.entries.empty();
}

/// One step of an override into the tree. On failure `problem` and `hint` say why.
struct Step {
  Value* value = nullptr;
  std::string problem;
  std::string hint;
};

Step step_into_array(Value& array, const std::string& segment) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(segment.data(), segment.data() + segment.size(), index);
  if (error == std::errc{} && end == segment.data() + segment.size()) {
    if (index < array.items.size()) return {&array.items[index], "", ""};
    return {nullptr, fmt::format("there are {} items, counted from 0", array.items.size()), ""};
  }
  std::vector<std::string> names;
  for (Value& item : array.items) {
    const Entry* name = item.find("name");
    if (name == nullptr || name->value.kind != Value::Kind::String) continue;
    if (name->value.text == segment) return {&item, "", ""};
    names.push_back(name->value.text);
  }
  const std::string known = names.empty() ? "" : fmt::format(": {}", join_names(names));
  return {nullptr, fmt::format("no item is named \"{}\"{}", printable(segment), known), nearest_name_hint(segment, names)};
}

Step step_into_table(Value& table, const std::string& segment, const SourcePlace& place, bool last) {
  if (Entry* entry = find_entry(table, segment)) {
    entry->place = last ? place : entry->place;
    return {&entry->value, "", ""};
  }
  // A new key is fine (the reader judges it), a misspelt name of something that exists is not a new thing.
  const std::string hint = has_chosen_names(table) && !last ? nearest_name_hint(segment, keys_of(table)) : "";
  if (!hint.empty()) return {nullptr, fmt::format("there is no \"{}\"", printable(segment)), hint};
  Value added;
  added.place = place;
  table.entries.push_back({segment, place, std::move(added)});
  return {&table.entries.back().value, "", ""};
}

std::optional<Diagnostic> apply_override(Value& root, const Override& change) {
  Diagnostic diagnostic;
  diagnostic.place = change.place;
  diagnostic.key = printable(change.key);
  const auto segments = split_key(change.key);
  if (!segments) {
    diagnostic.rule = "is not a dotted key such as services.etl.rate_limit";
    return diagnostic;
  }
  Value* value = &root;
  for (std::size_t i = 0; i < segments->size(); ++i) {
    const std::string& segment = (*segments)[i];
    const bool last = i + 1 == segments->size();
    Step step;
    if (value->kind == Value::Kind::Table) {
      step = step_into_table(*value, segment, change.place, last);
    } else if (value->kind == Value::Kind::Array) {
      step = step_into_array(*value, segment);
    } else {
      step.problem = fmt::format("\"{}\" is inside {}, not a table", printable(segment), kind_name(value->kind));
    }
    if (step.value == nullptr) {
      diagnostic.rule = std::move(step.problem);
      diagnostic.hint = std::move(step.hint);
      return diagnostic;
    }
    value = step.value;
  }
  *value = parse_value(change.value, change.place);
  return std::nullopt;
}

}  // namespace

std::string_view kind_name(Value::Kind kind) noexcept {
  switch (kind) {
    case Value::Kind::String:
      return "a string";
    case Value::Kind::Integer:
      return "an integer";
    case Value::Kind::Float:
      return "a number";
    case Value::Kind::Boolean:
      return "true or false";
    case Value::Kind::Date:
      return "a date";
    case Value::Kind::Array:
      return "an array";
    case Value::Kind::Table:
      return "a table";
  }
  return "a value";
}

const Entry* Value::find(std::string_view key) const noexcept {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

std::string Value::to_toml() const {
  switch (kind) {
    case Kind::String:
      return toml_string(text);
    case Kind::Integer:
      return fmt::format("{}", integer);
    case Kind::Float:
      return number_to_toml(number);
    case Kind::Boolean:
      return boolean ? "true" : "false";
    case Kind::Date:
      return text;
    case Kind::Array:
      return array_to_toml(*this);
    case Kind::Table:
      return table_to_toml(*this);
  }
  return {};
}

void apply_overrides(Value& root, std::span<const Override> overrides) {
  std::vector<Diagnostic> diagnostics;
  for (const Override& change : overrides) {
    if (auto diagnostic = apply_override(root, change)) diagnostics.push_back(std::move(*diagnostic));
  }
  if (!diagnostics.empty()) throw ConfigError(std::move(diagnostics));
}

}  // namespace labtwin
