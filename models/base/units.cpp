#include "models/base/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <system_error>

#include "models/base/error.hpp"
#include "models/base/text.hpp"

namespace labtwin {
namespace {

/// A factor kept as a fraction of two exact doubles: 85 / 1e6 is the double nearest to 8.5e-5, 85 * 1e-6 is not.
struct Factor {
  double numerator = 1.0;
  double denominator = 1.0;

  [[nodiscard]] double apply(double number) const { return number * numerator / denominator; }
  [[nodiscard]] double undo(double number) const { return number * denominator / numerator; }
};

constexpr Factor operator*(Factor a, Factor b) {
  return {a.numerator * b.numerator, a.denominator * b.denominator};
}
constexpr Factor operator/(Factor a, Factor b) {
  return {a.numerator * b.denominator, a.denominator * b.numerator};
}

struct Prefix {
  std::string_view text;
  Factor factor;
};

constexpr Prefix kNoPrefix{"", {}};
constexpr std::array kTimePrefixes{kNoPrefix, Prefix{"n", {1, 1e9}}, Prefix{"u", {1, 1e6}}, Prefix{"m", {1, 1e3}}};
constexpr std::array kLargePrefixes{kNoPrefix,
                                    Prefix{"k", {1e3, 1}},
                                    Prefix{"M", {1e6, 1}},
                                    Prefix{"G", {1e9, 1}},
                                    Prefix{"T", {1e12, 1}},
                                    Prefix{"P", {1e15, 1}}};
constexpr std::array kDataPrefixes{kNoPrefix,
                                   Prefix{"k", {1e3, 1}},
                                   Prefix{"M", {1e6, 1}},
                                   Prefix{"G", {1e9, 1}},
                                   Prefix{"T", {1e12, 1}},
                                   Prefix{"P", {1e15, 1}},
                                   Prefix{"Ki", {1024.0, 1}},
                                   Prefix{"Mi", {1048576.0, 1}},
                                   Prefix{"Gi", {1073741824.0, 1}},
                                   Prefix{"Ti", {1099511627776.0, 1}}};
constexpr std::array kPowerPrefixes{kNoPrefix,
                                    Prefix{"n", {1, 1e9}},
                                    Prefix{"u", {1, 1e6}},
                                    Prefix{"m", {1, 1e3}},
                                    Prefix{"k", {1e3, 1}},
                                    Prefix{"M", {1e6, 1}},
                                    Prefix{"G", {1e9, 1}},
                                    Prefix{"T", {1e12, 1}},
                                    Prefix{"P", {1e15, 1}}};

/// A unit symbol and the prefixes that make sense before it: `mbit` or `Ms` would be a slip of the shift key, never meant.
struct Symbol {
  std::string_view text;
  Dimension dimension;
  Factor factor;
  std::span<const Prefix> prefixes;
  bool preferred;  ///< used when text is written
};

constexpr Dimension kTime{1, 0, 0, 0, 0};
constexpr Dimension kData{0, 1, 0, 0, 0};
constexpr std::array kSymbols{
    Symbol{"s", kTime, {}, kTimePrefixes, true},
    Symbol{"min", kTime, {60, 1}, std::span(&kNoPrefix, 1), true},
    Symbol{"h", kTime, {3600, 1}, std::span(&kNoPrefix, 1), true},
    Symbol{"d", kTime, {86400, 1}, std::span(&kNoPrefix, 1), true},
    Symbol{"B", kData, {}, kDataPrefixes, true},
    Symbol{"bit", kData, {1, 8}, kDataPrefixes, false},
    Symbol{"flop", {0, 0, 1, 0, 0}, {}, kLargePrefixes, true},
    Symbol{"token", {0, 0, 0, 0, 1}, {}, kLargePrefixes, true},
    Symbol{"J", {0, 0, 0, 1, 0}, {}, kPowerPrefixes, true},
    Symbol{"W", {-1, 0, 0, 1, 0}, {}, kPowerPrefixes, true},
    Symbol{"Hz", {-1, 0, 0, 0, 0}, {}, kLargePrefixes, false},
};

struct Unit {
  Dimension dimension;
  Factor factor;
};

constexpr Dimension operator-(Dimension a, Dimension b) {
  return {a.second - b.second, a.byte - b.byte, a.flop - b.flop, a.joule - b.joule, a.token - b.token};
}

std::optional<Unit> find_term(std::string_view text) {
  for (const Symbol& symbol : kSymbols) {
    if (!text.ends_with(symbol.text)) continue;
    const std::string_view before = text.substr(0, text.size() - symbol.text.size());
    for (const Prefix& prefix : symbol.prefixes) {
      if (prefix.text == before) return Unit{symbol.dimension, symbol.factor * prefix.factor};
    }
  }
  return std::nullopt;
}

/// `B`, `kB/s`, `/s`: a term, a term per term, or per term.
std::optional<Unit> find_unit(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return find_term(text);
  const std::optional<Unit> over = slash == 0 ? Unit{} : find_term(text.substr(0, slash));
  const std::optional<Unit> under = find_term(text.substr(slash + 1));
  if (!over || !under) return std::nullopt;
  return Unit{over->dimension - under->dimension, over->factor / under->factor};
}

std::string prefix_list(std::span<const Prefix> prefixes) {
  std::string text;
  for (const Prefix& prefix : prefixes) {
    if (!prefix.text.empty()) text += fmt::format("{}{}", text.empty() ? "" : " ", prefix.text);
  }
  return text;
}

/// What the accepted spellings of a dimension are made of: symbols over an optional `/s`-like rest.
struct Spelling {
  Dimension numerator;
  std::string_view rest;
};

constexpr std::array kRests{std::string_view{""}, std::string_view{"/s"}, std::string_view{"/B"}, std::string_view{"/token"}};

/// The numerator and rest that spell a dimension with one symbol over at most one other.
Spelling spelling_of(Dimension dimension) {
  for (std::string_view rest : kRests) {
    const Dimension under = rest.empty() ? Dimension{} : find_term(rest.substr(1))->dimension;
    const Dimension over = dimension - (Dimension{} - under);
    if (over == Dimension{} && !rest.empty()) return {over, rest};
    for (const Symbol& symbol : kSymbols) {
      if (symbol.preferred && symbol.dimension == over) return {over, rest};
    }
  }
  throw InternalError("a dimension that no unit symbol spells");
}

std::string trimmed_number(double number) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  return {buffer.data(), end};
}

/// The shortest decimal whose product with the factor is exactly `value`; nothing if rounding hides all of them.
std::optional<std::string> shortest_text(double value, Factor factor) {
  const double number = factor.undo(value);
  for (int precision = 1; precision <= 17; ++precision) {
    std::array<char, 32> buffer{};
    const auto written =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::general, precision);
    double rounded = 0.0;
    std::from_chars(buffer.data(), written.ptr, rounded);
    if (factor.apply(rounded) == value) return trimmed_number(rounded);
  }
  return std::nullopt;
}

}  // namespace

std::string accepted_units(Dimension dimension) {
  const Spelling spelling = spelling_of(dimension);
  if (spelling.numerator == Dimension{}) return "/s, /min, /h, /d or Hz (with k M G T P in front)";
  std::string text;
  std::string plain;
  for (const Symbol& symbol : kSymbols) {
    if (symbol.dimension != spelling.numerator) continue;
    if (symbol.prefixes.size() == 1) {
      plain += fmt::format(", {}{}", symbol.text, spelling.rest);
      continue;
    }
    text += fmt::format("{}{}{}", text.empty() ? "" : " or ", symbol.text, spelling.rest);
    if (symbol.text != "B") {
      text += fmt::format(" (with {} in front)", prefix_list(symbol.prefixes));
    }
  }
  return text + plain;
}

ParsedQuantity parse_in_base_units(std::string_view text, Dimension dimension) {
  const std::string_view trimmed = trim(text);
  double number = 0.0;
  const auto [end, error] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), number);
  if (error == std::errc::result_out_of_range) return {0.0, "the number is too large or too small"};
  if (error != std::errc{} || !std::isfinite(number)) {
    return {0.0, fmt::format("must be a number with a unit: {}", accepted_units(dimension))};
  }
  const std::string_view unit_text = trim(trimmed.substr(static_cast<std::size_t>(end - trimmed.data())));
  if (unit_text.empty()) return {0.0, fmt::format("the unit is missing, write {}", accepted_units(dimension))};
  const std::optional<Unit> unit = find_unit(unit_text);
  if (!unit) return {0.0, fmt::format("unknown unit \"{}\", write {}", printable(unit_text), accepted_units(dimension))};
  if (unit->dimension != dimension) {
    return {0.0, fmt::format("\"{}\" measures something else, write {}", printable(unit_text), accepted_units(dimension))};
  }
  const double value = unit->factor.apply(number);
  if (!std::isfinite(value)) return {0.0, "the number is too large or too small"};
  return {value, ""};
}

std::string format_in_base_units(double value, Dimension dimension) {
  const Spelling spelling = spelling_of(dimension);
  if (spelling.numerator == Dimension{}) return trimmed_number(value) + " /s";
  std::string best;
  std::string in_base_unit;
  for (const Symbol& symbol : kSymbols) {
    if (symbol.dimension != spelling.numerator || !symbol.preferred) continue;
    if (in_base_unit.empty()) in_base_unit = fmt::format("{} {}{}", trimmed_number(value), symbol.text, spelling.rest);
    for (const Prefix& prefix : symbol.prefixes) {
      const Factor factor = symbol.factor * prefix.factor;
      const double size = std::abs(factor.undo(value));
      if (size < 1.0 || size >= 1024.0) continue;
      const std::optional<std::string> number = shortest_text(value, factor);
      if (!number) continue;
      std::string text = fmt::format("{} {}{}{}", *number, prefix.text, symbol.text, spelling.rest);
      if (best.empty() || text.size() < best.size()) best = std::move(text);
    }
  }
  return best.empty() ? in_base_unit : best;
}

namespace detail {

void throw_quantity_error(std::string_view text, const std::string& problem) {
  Diagnostic diagnostic;
  diagnostic.rule = fmt::format("\"{}\": {}", printable(text), problem);
  throw ConfigError(std::move(diagnostic));
}

}  // namespace detail
}  // namespace labtwin
