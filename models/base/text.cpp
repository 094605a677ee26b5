#include "models/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace labtwin {
namespace {

constexpr std::size_t kLongestPrinted = 80;

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Optimal string alignment distance, ignoring case.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current.at(0) = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) current[j] = std::min(current[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, current);
  }
  return last.back();
}

}  // namespace

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string printable(std::string_view text) {
  std::string result;
  for (char c : text.substr(0, kLongestPrinted)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  if (text.size() <= kLongestPrinted) return result;
  // A multi-byte character that the cut went through is dropped whole.
  while (!result.empty() && (static_cast<unsigned char>(result.back()) & 0xc0U) == 0x80U) result.pop_back();
  if (!result.empty() && (static_cast<unsigned char>(result.back()) & 0x80U) != 0) result.pop_back();
  return result + "...";
}

std::optional<std::string> nearest_name(std::string_view word, std::span<const std::string> candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = 0;
  for (const std::string& candidate : candidates) {
    const std::size_t tolerated = std::max<std::size_t>(1, candidate.size() / 3);
    const std::size_t shorter = std::min(word.size(), candidate.size());
    const std::size_t longer = std::max(word.size(), candidate.size());
    if (longer - shorter > tolerated) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance > tolerated || (best && distance >= best_distance)) continue;
    best = candidate;
    best_distance = distance;
  }
  if (best || word.size() < 2) return best;
  const auto begins = [&](const std::string& candidate) { return candidate.starts_with(word); };
  const auto found = std::find_if(candidates.begin(), candidates.end(), begins);
  return found == candidates.end() ? std::nullopt : std::optional<std::string>(*found);
}

std::string nearest_name_hint(std::string_view word, std::span<const std::string> candidates) {
  const std::optional<std::string> name = nearest_name(word, candidates);
  return name ? fmt::format("did you mean \"{}\"?", *name) : std::string();
}

std::string nearest_names_hint(std::string_view word, std::span<const std::string> candidates) {
  constexpr std::size_t kShown = 3;
  std::string hint = nearest_name_hint(word, candidates);
  if (!hint.empty() || candidates.size() < kShown) return hint;
  std::vector<std::tuple<bool, std::size_t, std::size_t>> by_distance;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    by_distance.emplace_back(candidates[i].substr(0, 1) != word.substr(0, 1), edit_distance(word, candidates[i]), i);
  }
  std::sort(by_distance.begin(), by_distance.end());
  const auto name = [&](std::size_t rank) { return candidates[std::get<2>(by_distance[rank])]; };
  return fmt::format("nearest are {}, {} and {}", name(0), name(1), name(2));
}

std::string join_names(std::span<const std::string> names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace labtwin
