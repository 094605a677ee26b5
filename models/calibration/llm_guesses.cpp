#include "models/calibration/llm_guesses.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>

#include "models/calibration/row_words.hpp"

namespace labtwin::calibration {
namespace {

/// Notes without the sentences that tell of other runs than this one: `many composes use MTP`.
std::string of_this_run(std::string_view notes) {
  std::string kept;
  while (!notes.empty()) {
    const std::size_t end = std::min(notes.find(';'), notes.size());
    const std::string clause = lower_case(notes.substr(0, end));
    if (clause.find_first_not_of(' ') != clause.find("many ")) kept += clause + ";";
    notes.remove_prefix(std::min(end + 1, notes.size()));
  }
  return kept;
}

std::string speculation_of(const std::string& words, std::string_view notes) {
  const bool on = holds_any(words, {"specul", "mtp", "draft", "dflash", "eagle"});
  const bool is_off = holds_any(words, {"speculative decoding off", "no speculation"});
  if (is_off || !on) {
    // What some runs of a table do this one may do, unless it has the plain settings.
    const bool may = !is_off && holds(notes, "many composes use") && !holds(words, "/default");
    return may ? "perhaps" : "";
  }
  for (const std::string_view kind : {"dflash", "draft_model", "eagle", "mtp", "ngram"}) {
    if (holds(words, kind)) return std::string(kind);
  }
  return "other";
}

/// The mean of `0.53-0.94` behind a word; nothing if no number follows.
std::optional<double> mean_behind(std::string_view text, std::string_view word) {
  const std::size_t at = text.find(word);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string rest(text.substr(at + word.size()));
  char* end = nullptr;
  const double first = std::strtod(rest.c_str(), &end);
  if (first <= 0.0) return std::nullopt;
  while (*end != '\0' && std::isdigit(static_cast<unsigned char>(*end)) == 0 && *end != ';' && *end != ' ') ++end;
  const double second = std::strtod(end, nullptr);
  return second > 0.0 && second <= 1.0 ? 0.5 * (first + second) : first;
}

}  // namespace

void read_guesses(LlmRun& row, std::string_view notes, std::string_view names) {
  const std::string words = of_this_run(notes) + " " + lower_case(names);
  row.speculation = speculation_of(words, notes);
  if (row.speculation.empty()) return;
  auto guessed = number_after(words, "n-max");
  if (!guessed) guessed = number_after(words, "mtp n");
  const auto right = mean_behind(words, "acceptance ");
  if (!guessed || !right || *right >= 1.0) {
    row.speculation += holds(words, "code prompt") ? " code" : "";
    return;
  }
  row.speculation += " told";
  row.guessed = *guessed;
  row.tokens_per_step = (1.0 - std::pow(*right, *guessed + 1.0)) / (1.0 - *right);
}

}  // namespace labtwin::calibration
