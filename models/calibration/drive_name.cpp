#include "models/calibration/drive_name.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace labtwin::calibration {
namespace {

// Words that make another model of what has them.
constexpr std::array<std::string_view, 12> kTellingWords = {"pro", "plus", "max",   "evo",  "qvo", "x",
                                                            "e",   "m",    "elite", "mini", "g",   "se"};

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

std::string outside_parentheses(std::string_view name) {
  std::string result;
  int depth = 0;
  for (char c : name) {
    if (c == '(') ++depth;
    if (depth == 0) result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (c == ')') depth = std::max(0, depth - 1);
  }
  return result;
}

// The run of letters or of digits (with a point between digits) that begins at `at`.
std::string run_at(const std::string& text, std::size_t at) {
  std::size_t end = at;
  if (is_letter(text[at])) {
    while (end < text.size() && is_letter(text[end])) ++end;
  } else {
    while (end < text.size() &&
           (is_digit(text[end]) || (text[end] == '.' && end + 1 < text.size() && is_digit(text[end + 1])))) {
      ++end;
    }
  }
  return text.substr(at, end - at);
}

std::optional<double> gigabytes(const std::string& unit) {
  if (unit == "tb") return 1000.0;
  return unit == "gb" ? std::optional(1.0) : std::nullopt;
}

}  // namespace

DriveName drive_name(std::string_view name) {
  const std::string text = outside_parentheses(name);
  DriveName result;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_digit(text[i]) && !is_letter(text[i])) {
      ++i;
      continue;
    }
    std::string word = run_at(text, i);
    i += word.size();
    if (is_digit(word.front())) {
      const std::size_t at = i < text.size() && text[i] == ' ' ? i + 1 : i;
      const std::string unit = at < text.size() && is_letter(text[at]) ? run_at(text, at) : std::string();
      if (const auto size = gigabytes(unit)) {
        result.capacity_gb = std::stod(word) * *size;
        i = at + unit.size();
        continue;
      }
    }
    result.words.insert(std::move(word));
  }
  return result;
}

bool is_same_model(const DriveName& known, const DriveName& asked) {
  const bool has_number =
      std::any_of(known.words.begin(), known.words.end(), [](const auto& w) { return is_digit(w.front()); });
  const bool all_there = std::includes(asked.words.begin(), asked.words.end(), known.words.begin(), known.words.end());
  const bool another = std::any_of(kTellingWords.begin(), kTellingWords.end(), [&](std::string_view word) {
    return asked.words.contains(std::string(word)) && !known.words.contains(std::string(word));
  });
  return has_number && all_there && !another;
}

}  // namespace labtwin::calibration
