#pragma once

// Reads a document into typed values and collects every mistake instead of stopping at the first. A mistake leaves a default
// behind, so reading goes on; `DiagnosticSink::throw_if_any` ends it.
//
//   DiagnosticSink sink;
//   const Document document = Document::read("drive.toml");
//   TableReader root(document, sink);
//   const auto floor = root.required<Seconds>("latency_floor", kPositive);
//   const auto share = root.value_or<double>("read_fraction", 1.0, kFraction);
//   root.finish();
//   sink.throw_if_any();

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/base/distribution.hpp"
#include "models/base/document.hpp"
#include "models/base/error.hpp"
#include "models/base/units.hpp"

namespace labtwin {

/// Collects diagnostics of one or more documents.
class DiagnosticSink {
 public:
  void add(Diagnostic diagnostic) { diagnostics_.push_back(std::move(diagnostic)); }
  /// Takes over what another reader threw.
  void add(const ConfigError& error);
  [[nodiscard]] bool empty() const noexcept { return diagnostics_.empty(); }
  [[nodiscard]] const std::vector<Diagnostic>& diagnostics() const noexcept { return diagnostics_; }
  /// Throws one ConfigError with everything collected, in the order of the files, unless there is nothing.
  void throw_if_any() const;

 private:
  std::vector<Diagnostic> diagnostics_;
};

/// The numbers a key accepts, in base units. An absent end is open.
struct Range {
  std::optional<double> low = {};
  bool low_included = true;
  std::optional<double> high = {};
  bool high_included = true;
};

inline constexpr Range kAny{};
inline constexpr Range kPositive{.low = 0.0, .low_included = false};
inline constexpr Range kNonNegative{.low = 0.0};
inline constexpr Range kFraction{.low = 0.0, .high = 1.0};

[[nodiscard]] constexpr Range at_least(double low) {
  return {.low = low};
}
[[nodiscard]] constexpr Range between(double low, double high) {
  return {.low = low, .high = high};
}

/// What a key can hold: a plain number, an integer, true/false, text, or a quantity (a string with a unit).
template <class T>
concept ReadableScalar = std::same_as<T, double> || std::same_as<T, bool> || std::same_as<T, std::string> ||
                         (std::integral<T> && !std::same_as<T, bool>) ||
                         is_quantity<T>;

/// A name of an enumeration and its value.
template <class E>
using EnumNames = std::initializer_list<std::pair<std::string_view, E>>;

/// A view of one table. The reader made from a document must be finished; those of inner tables are covered by it.
class TableReader {
 public:
  TableReader(const Document& document, DiagnosticSink& sink);
  TableReader(TableReader&& other) noexcept;
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;
  TableReader& operator=(TableReader&&) = delete;
  /// Throws InternalError if a document's reader was dropped without finish(): unknown keys would go unnoticed.
  ~TableReader() noexcept(false);

  /// The value of a key that must be there; T{} and a diagnostic if it is absent or wrong.
  template <ReadableScalar T>
  [[nodiscard]] T required(std::string_view key, Range range = kAny) {
    return find_required(key) ? scalar<T>(key, range).value_or(T{}) : T{};
  }
  /// The value of a key, or nothing if it is absent (or wrong, with a diagnostic).
  template <ReadableScalar T>
  [[nodiscard]] std::optional<T> optional(std::string_view key, Range range = kAny) {
    return has(key) ? scalar<T>(key, range) : std::nullopt;
  }
  template <ReadableScalar T>
  [[nodiscard]] T value_or(std::string_view key, T fallback, Range range = kAny) {
    return optional<T>(key, range).value_or(fallback);
  }

  /// An array of scalars; empty if absent.
  template <ReadableScalar T>
  [[nodiscard]] std::vector<T> list(std::string_view key, Range range = kAny) {
    std::vector<T> values;
    std::size_t index = 0;
    for (const Value* item : array_items(key)) {
      if (auto value = scalar_of<T>(*item, element_path(key, index++), range)) values.push_back(std::move(*value));
    }
    return values;
  }

  /// One of a fixed set of names.
  template <class E>
  [[nodiscard]] E enumeration(std::string_view key, EnumNames<E> names) {
    return find_required(key) ? enumerator(key, names).value_or(names.begin()->second) : names.begin()->second;
  }
  template <class E>
  [[nodiscard]] E enumeration_or(std::string_view key, E fallback, EnumNames<E> names) {
    return has(key) ? enumerator(key, names).value_or(fallback) : fallback;
  }

  /// A distribution: a scalar (always that value) or a table `{ distribution = "lognormal", median = .., p90 = .. }`.
  template <class T>
  [[nodiscard]] DistributionOf<T> distribution(std::string_view key, Range range = kNonNegative) {
    return DistributionOf<T>(find_required(key) ? read_distribution(key, dimension_of<T>(), range) : Distribution());
  }
  template <class T>
  [[nodiscard]] DistributionOf<T> distribution_or(std::string_view key, DistributionOf<T> fallback,
                                                  Range range = kNonNegative) {
    return has(key) ? DistributionOf<T>(read_distribution(key, dimension_of<T>(), range)) : fallback;
  }

  /// An inner table that must be there; an empty reader that complains no further if it is not.
  [[nodiscard]] TableReader table(std::string_view key);
  [[nodiscard]] std::optional<TableReader> optional_table(std::string_view key);
  /// The tables of an array (`[[slo]]`); empty if absent.
  [[nodiscard]] std::vector<TableReader> tables(std::string_view key);
  /// The tables of a table of tables (`[services.NAME]`), in the order of the file; `name()` gives NAME. Empty if absent.
  [[nodiscard]] std::vector<TableReader> named_tables(std::string_view key);

  [[nodiscard]] bool has(std::string_view key);
  /// The value as it stands, for keys whose type depends on it; nullptr if absent.
  [[nodiscard]] const Value* raw(std::string_view key);
  /// The keys of the table as they stand in the file.
  [[nodiscard]] std::vector<std::string> keys() const;
  /// The last part of the table's path.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The dotted path of a key of this table, as diagnostics show it.
  [[nodiscard]] std::string path(std::string_view key) const;
  /// Where a key stands; where the table starts if it is absent.
  [[nodiscard]] SourcePlace place(std::string_view key = {}) const;
  [[nodiscard]] DiagnosticSink& sink() const noexcept { return *sink_; }

  /// Reports that a rule among several keys or files is broken, at the place of `key`.
  void fail(std::string_view key, std::string rule, std::string hint = {});
  /// Any further key of this table is accepted: its names are data, or the table is broken and they cannot be judged.
  void accept_rest();
  /// Reports every key that nobody asked for, with the nearest of those that were asked for. Only for a document's reader.
  void finish();

 private:
  struct State;  // which keys were asked for, shared by all readers of a document

  TableReader(const TableReader& parent, const Value& table, std::string path, std::string name);

  [[nodiscard]] bool find_required(std::string_view key);
  [[nodiscard]] TableReader inner(const Value& table, std::string path, std::string name) const;
  [[nodiscard]] std::vector<const Value*> array_items(std::string_view key);
  [[nodiscard]] std::string element_path(std::string_view key, std::size_t index) const;
  void fail_value(const Value& value, const std::string& path, std::string rule, std::string hint = {});
  [[nodiscard]] bool check_range(const Value& value, const std::string& path, double number, Range range, Dimension dimension);

  [[nodiscard]] std::optional<double> read_number(const Value& value, const std::string& path, Range range,
                                                  Dimension dimension);
  [[nodiscard]] std::optional<std::int64_t> read_integer(const Value& value, const std::string& path, Range range,
                                                         std::int64_t low, std::int64_t high);
  [[nodiscard]] std::optional<bool> read_boolean(const Value& value, const std::string& path);
  [[nodiscard]] std::optional<std::string> read_string(const Value& value, const std::string& path);
  [[nodiscard]] std::optional<std::size_t> read_name(std::string_view key, const std::vector<std::string>& names);
  [[nodiscard]] Distribution read_distribution(std::string_view key, Dimension dimension, Range range);
  [[nodiscard]] Distribution read_family(Dimension dimension, Range range);
  [[nodiscard]] std::vector<QuantilePoint> read_quantiles(Dimension dimension, Range range);

  template <class T>
  [[nodiscard]] static constexpr Dimension dimension_of() {
    if constexpr (is_quantity<T>) return T::kDimension;
    return {};
  }

  template <ReadableScalar T>
  [[nodiscard]] std::optional<T> scalar_of(const Value& value, const std::string& path, Range range) {
    if constexpr (std::same_as<T, bool>) {
      return read_boolean(value, path);
    } else if constexpr (std::same_as<T, std::string>) {
      return read_string(value, path);
    } else if constexpr (std::integral<T>) {
      constexpr std::int64_t kLow = std::in_range<std::int64_t>(std::numeric_limits<T>::min())
                                        ? static_cast<std::int64_t>(std::numeric_limits<T>::min())
                                        : std::numeric_limits<std::int64_t>::min();
      constexpr std::int64_t kHigh = std::in_range<std::int64_t>(std::numeric_limits<T>::max())
                                         ? static_cast<std::int64_t>(std::numeric_limits<T>::max())
                                         : std::numeric_limits<std::int64_t>::max();
      const auto integer = read_integer(value, path, range, kLow, kHigh);
      return integer ? std::optional<T>(static_cast<T>(*integer)) : std::nullopt;
    } else {
      const auto number = read_number(value, path, range, dimension_of<T>());
      if (!number) return std::nullopt;
      if constexpr (is_quantity<T>) return T::from_base(*number);
      if constexpr (std::same_as<T, double>) return *number;
    }
  }

  template <ReadableScalar T>
  [[nodiscard]] std::optional<T> scalar(std::string_view key, Range range) {
    return scalar_of<T>(*raw(key), path(key), range);
  }

  template <class E>
  [[nodiscard]] std::optional<E> enumerator(std::string_view key, EnumNames<E> names) {
    std::vector<std::string> texts;
    for (const auto& [text, unused] : names) texts.emplace_back(text);
    const auto index = read_name(key, texts);
    return index ? std::optional<E>((names.begin() + *index)->second) : std::nullopt;
  }

  std::shared_ptr<State> state_;
  DiagnosticSink* sink_;
  const Value* table_;
  std::string path_;
  std::string name_;
  bool owns_finish_;
  bool finished_ = false;
  int exceptions_at_start_;
};

}  // namespace labtwin
