// The only file that includes toml++: parses text and turns toml++'s tree into ours.

#include "models/base/document.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>
#include <tuple>

#include "models/base/file.hpp"
#include "models/base/text.hpp"

namespace labtwin {
namespace {

constexpr std::uintmax_t kLargestFile = 16U << 20U;
constexpr int kDeepest = 64;

[[noreturn]] void fail(SourcePlace place, std::string rule) {
  Diagnostic diagnostic;
  diagnostic.place = std::move(place);
  diagnostic.rule = std::move(rule);
  throw ConfigError(std::move(diagnostic));
}

/// The nesting that a text asks for is checked before toml++ sees it, because trees are walked and freed by recursion: a line
/// of dotted keys a megabyte long is a legal document and would overflow the stack.
class NestingGuard {
 public:
  explicit NestingGuard(std::string_view name) : name_(name) {}

  void check(std::string_view text) {
    while (position_ < text.size()) {
      const char c = text[position_];
      if (c == '#') {
        skip_comment(text);
      } else if (c == '"' || c == '\'') {
        skip_string(text, c);
      } else {
        count(c);
        ++position_;
      }
    }
  }

 private:
  void skip_comment(std::string_view text) { position_ = std::min(text.find('\n', position_), text.size()); }

  void skip_string(std::string_view text, char quote) {
    const std::string triple(3, quote);
    const bool multi_line = text.substr(position_, 3) == triple;
    const std::string_view end = multi_line ? std::string_view(triple) : std::string_view(triple).substr(0, 1);
    position_ += end.size();
    while (position_ < text.size() && text.substr(position_, end.size()) != end) {
      const char c = text[position_];
      if (c == '\n' && !multi_line) return;
      if (c == '\n') ++line_;
      position_ += c == '\\' && quote == '"' ? 2U : 1U;
    }
    position_ = std::min(position_ + end.size(), text.size());
  }

  void count(char c) {
    if (c == '\n') ++line_;
    if (c == '[' || c == '{') ++brackets_;
    if (c == ']' || c == '}') --brackets_;
    if (c == '.') ++dots_;
    if (c == '=' || c == ',' || c == '\n' || c == '[' || c == '{') dots_ = 0;
    if (brackets_ > kDeepest || dots_ > kDeepest / 4) {
      fail({name_, line_, 1}, "is nested too deeply");
    }
  }

  std::string name_;
  std::size_t position_ = 0;
  std::size_t line_ = 1;
  int brackets_ = 0;
  int dots_ = 0;
};

SourcePlace place_of(const toml::source_region& region, const std::string& name) {
  return {name, region.begin.line, region.begin.column};
}

template <class DateOrTime>
std::string date_text(const DateOrTime& value) {
  std::ostringstream stream;
  stream << value;
  return stream.str();
}

Value convert(const toml::node& node, const std::string& name);

void convert_table(const toml::table& table, const std::string& name, Value& value) {
  value.kind = Value::Kind::Table;
  for (const auto& [key, child] : table) {
    value.entries.push_back({std::string(key.str()), place_of(key.source(), name), convert(child, name)});
  }
  // toml++ sorts by key; the order of the file is what its author sees.
  std::stable_sort(value.entries.begin(), value.entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
  });
}

Value convert(const toml::node& node, const std::string& name) {
  Value value;
  value.place = place_of(node.source(), name);
  if (const auto* table = node.as_table()) {
    convert_table(*table, name, value);
  } else if (const auto* array = node.as_array()) {
    value.kind = Value::Kind::Array;
    for (const toml::node& item : *array) value.items.push_back(convert(item, name));
  } else if (const auto* text = node.as_string()) {
    value.kind = Value::Kind::String;
    value.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    value.kind = Value::Kind::Integer;
    value.integer = integer->get();
    value.number = static_cast<double>(integer->get());
  } else if (const auto* number = node.as_floating_point()) {
    value.kind = Value::Kind::Float;
    value.number = number->get();
  } else if (const auto* boolean = node.as_boolean()) {
    value.kind = Value::Kind::Boolean;
    value.boolean = boolean->get();
  } else {
    value.kind = Value::Kind::Date;
    if (const auto* date = node.as_date()) value.text = date_text(date->get());
    if (const auto* time = node.as_time()) value.text = date_text(time->get());
    if (const auto* date_time = node.as_date_time()) value.text = date_text(date_time->get());
  }
  return value;
}

/// What is wrong, without the parser's account of what it was doing.
std::string syntax_rule(std::string_view description) {
  constexpr std::string_view kPreamble = "Error while parsing ";
  const std::size_t colon = description.find(": ");
  if (description.starts_with(kPreamble) && colon != std::string_view::npos) description.remove_prefix(colon + 2);
  return printable(description);
}

Value parse(const std::string& name, std::string_view text) {
  NestingGuard(name).check(text);
  try {
    return convert(toml::parse(text, name), name);
  } catch (const toml::parse_error& error) {
    fail(place_of(error.source(), name), syntax_rule(error.description()));
  }
}

void set_place(Value& value, const SourcePlace& place) {
  value.place = place;
  for (Value& item : value.items) set_place(item, place);
  for (Entry& entry : value.entries) {
    entry.place = place;
    set_place(entry.value, place);
  }
}

}  // namespace

Document Document::read(const std::filesystem::path& path, std::span<const Override> overrides) {
  return from_text(path.string(), read_text_file(path, kLargestFile), overrides);
}

Document Document::from_text(std::string name, std::string_view text, std::span<const Override> overrides) {
  auto root = std::make_shared<Value>(parse(name, text));
  apply_overrides(*root, overrides);
  return {std::move(name), std::move(root)};
}

Document Document::with(std::span<const Override> overrides) const {
  auto root = std::make_shared<Value>(*root_);
  apply_overrides(*root, overrides);
  return {name_, std::move(root)};
}

Value parse_value(std::string_view text, const SourcePlace& place) {
  Value value;
  try {
    Value table = parse(place.file, fmt::format("value = {}", text));
    if (table.entries.size() == 1) value = std::move(table.entries.front().value);
  } catch (const ConfigError&) {
    value.kind = Value::Kind::String;
    value.text = std::string(text);
  }
  set_place(value, place);
  return value;
}

}  // namespace labtwin
