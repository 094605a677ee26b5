#include "models/network/tc_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <sstream>
#include <utility>

#include "models/base/error.hpp"
#include "models/base/text.hpp"

namespace labtwin::network {
namespace {

using Unit = TcWords::Unit;

constexpr double kKibi = 1024.0;
constexpr auto kTimes = std::to_array<Unit>({{"s", 1.0},
                                             {"sec", 1.0},
                                             {"secs", 1.0},
                                             {"ms", 1e-3},
                                             {"msec", 1e-3},
                                             {"msecs", 1e-3},
                                             {"us", 1e-6},
                                             {"usec", 1e-6},
                                             {"usecs", 1e-6},
                                             {"ns", 1e-9},
                                             {"nsec", 1e-9},
                                             {"nsecs", 1e-9},
                                             {"", 1e-6}});
constexpr auto kRates = std::to_array<Unit>({{"bit", 0.125},
                                             {"kbit", 125.0},
                                             {"mbit", 125e3},
                                             {"gbit", 125e6},
                                             {"tbit", 125e9},
                                             {"kibit", kKibi / 8.0},
                                             {"mibit", kKibi* kKibi / 8.0},
                                             {"gibit", kKibi* kKibi* kKibi / 8.0},
                                             {"bps", 1.0},
                                             {"kbps", 1e3},
                                             {"mbps", 1e6},
                                             {"gbps", 1e9},
                                             {"tbps", 1e12},
                                             {"kibps", kKibi},
                                             {"mibps", kKibi* kKibi},
                                             {"", 0.125}});
constexpr auto kSizes = std::to_array<Unit>({{"", 1.0},
                                             {"b", 1.0},
                                             {"k", kKibi},
                                             {"kb", kKibi},
                                             {"m", kKibi* kKibi},
                                             {"mb", kKibi* kKibi},
                                             {"kbit", kKibi / 8.0},
                                             {"mbit", kKibi* kKibi / 8.0}});
/// Beyond it tc's own numbers end.
constexpr double kLargestCount = 4294967295.0;

}  // namespace

TcWords::TcWords(std::string_view command) : command_(command) {
  std::istringstream stream{std::string(command)};
  for (std::string word; stream >> word;) words_.push_back(word);
}

bool TcWords::next_is_number() const noexcept {
  if (done()) return false;
  const char first = peek().front();
  return std::isdigit(static_cast<unsigned char>(first)) != 0 || first == '-' || first == '.';
}

bool TcWords::take_if(std::string_view word) noexcept {
  if (peek() != word) return false;
  ++at_;
  return true;
}

std::string TcWords::take(std::string_view key) {
  if (done()) fail(key, {}, fmt::format("`{}` must be followed by a value", key));
  return words_[at_++];
}

void TcWords::fail(std::string_view key, std::string_view value, std::string rule, std::string hint) const {
  throw ConfigError({.place = {fmt::format("netem `{}`", printable(command_)), 0, 0},
                     .key = std::string(key),
                     .value = printable(value),
                     .rule = std::move(rule),
                     .hint = std::move(hint)});
}

TcWords::Number TcWords::take_number(std::string_view key) {
  const std::string word = take(key);
  Number number;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number.value);
  if (error != std::errc() || !std::isfinite(number.value)) fail(key, word, "must be a number with a unit");
  number.unit = std::string(end, word.data() + word.size());
  std::transform(number.unit.begin(), number.unit.end(), number.unit.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return number;
}

double TcWords::take_share(std::string_view key) {
  const Number number = take_number(key);
  if (number.unit != "%" && !number.unit.empty()) fail(key, number.unit, "must be a percentage");
  if (number.value < 0.0 || number.value > 100.0) {
    fail(key, fmt::format("{}%", number.value), "must lie between 0 and 100 %");
  }
  return number.value / 100.0;
}

double TcWords::take_in(std::span<const Unit> units, std::string_view key, std::string_view rule) {
  const Number number = take_number(key);
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& known) { return known.name == number.unit; });
  if (unit == units.end()) fail(key, number.unit, std::string(rule));
  if (number.value < 0.0) fail(key, fmt::format("{}{}", number.value, number.unit), "must not be negative");
  return number.value * unit->factor;
}

double TcWords::take_positive_in(std::span<const Unit> units, std::string_view key, std::string_view rule) {
  const double value = take_in(units, key, rule);
  if (value <= 0.0) fail(key, words_[at_ - 1], "must be greater than 0");
  return value;
}

Seconds TcWords::take_time(std::string_view key) {
  return Seconds::from_base(take_in(kTimes, key, "is no unit of time: s, ms, us or ns"));
}

BytesPerSecond TcWords::take_rate(std::string_view key) {
  return BytesPerSecond::from_base(
      take_positive_in(kRates, key, "is no unit of rate: bit, kbit, mbit, gbit, or bps for bytes"));
}

Bytes TcWords::take_size(std::string_view key) {
  return Bytes::from_base(take_positive_in(kSizes, key, "is no unit of size: b, kb, mb, kbit or mbit"));
}

std::int64_t TcWords::take_count(std::string_view key, std::int64_t at_least) {
  const Number number = take_number(key);
  if (!number.unit.empty()) fail(key, number.unit, "must be a whole number without a unit");
  if (number.value < static_cast<double>(at_least) || number.value > kLargestCount) {
    fail(key, fmt::format("{}", number.value), fmt::format("must be at least {}", at_least));
  }
  return static_cast<std::int64_t>(number.value);
}

}  // namespace labtwin::network
