#pragma once

// A text in TOML as a tree of values that know their place, ready for TableReader. Overrides (what-ifs, command line, Python)
// change the tree before anything is read, so that every rule holds for them as for the file.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/error.hpp"

namespace labtwin {

struct Entry;

/// One value of a document. Dates and times are kept as text only: nothing in labtwin computes with a calendar.
struct Value {
  enum class Kind : std::uint8_t { String, Integer, Float, Boolean, Date, Array, Table };

  Kind kind = Kind::Table;
  SourcePlace place;
  std::string text;  ///< of a String and of a Date
  double number = 0.0;
  std::int64_t integer = 0;
  bool boolean = false;
  std::vector<Value> items;    ///< of an Array
  std::vector<Entry> entries;  ///< of a Table, in the order of the file

  [[nodiscard]] const Entry* find(std::string_view key) const noexcept;
  /// As TOML text on one line, exact.
  [[nodiscard]] std::string to_toml() const;
};

/// A key of a table and its value.
struct Entry {
  std::string key;
  SourcePlace place;
  Value value;
};

/// `a`, `an`-prefixed kind for messages: `a string`, `an integer`, `a table`.
[[nodiscard]] std::string_view kind_name(Value::Kind kind) noexcept;

/// Sets one value of a document: a dotted key (items of arrays by index or, for tables, by their `name`) and the TOML text of
/// the value. Text that is no TOML value is taken as a string, so that a shell needs no second pair of quotes.
struct Override {
  std::string key;
  std::string value;
  SourcePlace place = {"override", 0, 0};  ///< named by diagnostics about the value
};

/// A parsed text. Throws ConfigError if it cannot be read or is no TOML.
class Document {
 public:
  /// Reads a file.
  [[nodiscard]] static Document read(const std::filesystem::path& path, std::span<const Override> overrides = {});
  /// Parses a text; `name` stands for the file in diagnostics.
  [[nodiscard]] static Document from_text(std::string name, std::string_view text, std::span<const Override> overrides = {});

  /// The same document with further overrides.
  [[nodiscard]] Document with(std::span<const Override> overrides) const;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const Value& root() const noexcept { return *root_; }

 private:
  Document(std::string name, std::shared_ptr<const Value> root) : name_(std::move(name)), root_(std::move(root)) {}

  std::string name_;
  std::shared_ptr<const Value> root_;  // shared: copies of a document are cheap and readers point into it
};

/// Applies overrides to a table; throws ConfigError naming every override that cannot be applied.
void apply_overrides(Value& root, std::span<const Override> overrides);

/// Parses one TOML value (`3`, `"24 GiB"`, `[1, 2]`); text that is none becomes a string.
[[nodiscard]] Value parse_value(std::string_view text, const SourcePlace& place);

}  // namespace labtwin
