#include "sim/output/number_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace labtwin::output {
namespace {

constexpr double kMinute = 60.0;
constexpr double kHour = 3600.0;

}  // namespace

std::string significant(double value) {
  const double size = std::abs(value);
  if (size == 0.0) return "0";
  if (size >= 99.95) return fmt::format("{:.0f}", value);
  const int magnitude = static_cast<int>(std::floor(std::log10(size)));
  const int decimals = std::max(0, 2 - magnitude);
  return fmt::format("{:.{}f}", value, decimals);
}

std::string duration_text(double seconds) {
  const double size = std::abs(seconds);
  if (size == 0.0) return "0 s";
  if (size < 0.9995e-3) return significant(seconds * 1e6) + " us";
  if (size < 0.9995) return significant(seconds * 1e3) + " ms";
  if (size < 10.0 * kMinute) return significant(seconds) + " s";
  const double minutes = std::round(seconds / kMinute);
  if (size < kHour) return fmt::format("{:.0f} min", minutes);
  const double hours = std::floor(minutes / 60.0);
  const double rest = minutes - hours * 60.0;
  return rest == 0.0 ? fmt::format("{:.0f} h", hours) : fmt::format("{:.0f} h {:02.0f} min", hours, rest);
}

std::string percent(double fraction) {
  const double value = fraction * 100.0;
  if (value != 0.0 && std::abs(value) < 0.95) return fmt::format("{:.1f} %", value);
  return fmt::format("{:.0f} %", value);
}

std::string with_article(const std::string& noun) {
  constexpr std::string_view kVowels = "aeiou";
  const bool begins_with_vowel = !noun.empty() && kVowels.find(noun.front()) != std::string_view::npos;
  return (begins_with_vowel ? "an " : "a ") + noun;
}

std::string plural(const std::string& noun) {
  constexpr std::string_view kVowels = "aeiou";
  const bool ends_in_y = noun.size() > 1 && noun.back() == 'y' && kVowels.find(noun[noun.size() - 2]) == std::string_view::npos;
  return ends_in_y ? noun.substr(0, noun.size() - 1) + "ies" : noun + "s";
}

std::string size_text(double bytes) {
  if (bytes >= 0.9995e12) return significant(bytes * 1e-12) + " TB";
  if (bytes >= 0.9995e9) return significant(bytes * 1e-9) + " GB";
  return significant(bytes * 1e-6) + " MB";
}

std::string rate_text(double bytes_per_s) {
  if (std::abs(bytes_per_s) >= 0.9995e9) return significant(bytes_per_s * 1e-9) + " GB/s";
  return significant(bytes_per_s * 1e-6) + " MB/s";
}

}  // namespace labtwin::output
