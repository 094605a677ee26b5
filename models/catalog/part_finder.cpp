#include "models/catalog/part_finder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "models/base/text.hpp"

namespace labtwin::catalog {
namespace {

// Words that a name may have or lack without meaning another part.
constexpr std::array<std::string_view, 48> kIdleWords = {
    "nvidia",     "geforce",  "rtx",       "gtx",   "rx",       "amd",     "radeon",   "intel",     "apple",     "tesla",
    "graphics",   "gpu",      "card",      "cards", "cpu",      "with",    "w",        "the",       "edition",   "desktop",
    "instruct",   "chat",     "it",        "gguf",  "hf",       "meta",    "google",   "unsloth",   "bartowski", "lovelace",
    "generation", "nominal",  "core",      "dense", "base",     "preview", "official", "mistralai", "microsoft", "openai",
    "ai",         "lmstudio", "community", "model", "founders", "oc",      "mlx",      "processor"};

// Words that make another part of what has them.
constexpr std::array<std::string_view, 30> kTellingWords = {
    "ti",    "super",  "laptop", "mobile",  "max",  "ultra", "pro",  "d",   "xt",    "xtx",
    "gre",   "coder",  "vl",     "distill", "ada",  "sxm",   "pcie", "q",   "mini",  "nano",
    "small", "medium", "large",  "lite",    "next", "flash", "moe",  "air", "scout", "embedding"};

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

/// `gb` of `24gb`, `b` of `8b`, `m` of `270m`: units that stay with their number.
bool is_unit(std::string_view word) {
  return word == "gb" || word == "gib" || word == "b" || word == "m" || word == "c";
}

/// `24gb`: a number and a unit.
bool is_size(std::string_view word) {
  return !word.empty() && is_digit(word.front()) && is_letter(word.back());
}

bool is_number(std::string_view word) {
  return !word.empty() && is_digit(word.front()) && is_digit(word.back());
}

std::string lower(std::string_view text) {
  std::string result;
  for (const char c : text) result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

/// Without `(r)` and `(tm)`.
std::string without_marks(std::string text) {
  for (const std::string_view mark : {"(r)", "(tm)"}) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark)) text.replace(at, mark.size(), 1, ' ');
  }
  return text;
}

/// Runs of letters and runs of digits (with a point between digits), in order; a space before a unit is not needed.
std::vector<std::string> raw_words(const std::string& text) {
  std::vector<std::string> words;
  std::size_t i = 0;
  while (i < text.size()) {
    std::size_t end = i;
    if (is_digit(text[i])) {
      while (end < text.size() &&
             (is_digit(text[end]) || (text[end] == '.' && end + 1 < text.size() && is_digit(text[end + 1]))))
        ++end;
      std::size_t unit_end = end;
      while (unit_end < text.size() && is_letter(text[unit_end])) ++unit_end;
      if (is_unit(std::string_view(text).substr(end, unit_end - end))) end = unit_end;
    } else if (is_letter(text[i])) {
      while (end < text.size() && is_letter(text[end])) ++end;
    } else {
      ++i;
      continue;
    }
    words.push_back(text.substr(i, end - i));
    i = end;
  }
  return words;
}

/// How much of `name` the words of a part account for; negative if one of its words is missing.
int score(const std::vector<std::string>& part, const std::vector<std::string>& name) {
  int sum = 0;
  std::size_t from = 0;
  for (const std::string& word : part) {
    // Sizes may stand anywhere, the rest in order: `llama 8B 3.1` is unusual, `8B llama` is not.
    const auto begin = is_size(word) ? name.begin() : name.begin() + static_cast<std::ptrdiff_t>(from);
    const auto found = std::find(begin, name.end(), word);
    if (found == name.end()) return -1;
    sum += is_number(word) || is_size(word) ? 4 : 3;
    if (!is_size(word)) from = static_cast<std::size_t>(found - name.begin()) + 1;
  }
  return sum;
}

bool leaves_telling_word(const std::vector<std::string>& part, const std::vector<std::string>& name) {
  return std::any_of(name.begin(), name.end(), [&](const std::string& word) {
    return is_one_of(word, kTellingWords) && std::find(part.begin(), part.end(), word) == part.end();
  });
}

/// Whether `name` tells a size in the unit of one of the part's sizes, but another one.
bool contradicts(const std::vector<std::string>& part, const std::vector<std::string>& name) {
  const auto unit = [](const std::string& word) { return word.substr(word.find_first_not_of("0123456789.")); };
  for (const std::string& told : name) {
    if (!is_size(told)) continue;
    bool same_unit = false;
    bool same = false;
    for (const std::string& size : part) {
      if (!is_size(size) || unit(size) != unit(told)) continue;
      same_unit = true;
      same = same || size == told;
    }
    if (same_unit && !same) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> name_words(std::string_view name) {
  std::vector<std::string> words;
  for (std::string& word : raw_words(without_marks(lower(name)))) {
    if (word == "mobile") word = "laptop";
    if (word.ends_with("gib")) word = word.substr(0, word.size() - 3) + "gb";
    if (!is_one_of(word, kIdleWords)) words.push_back(std::move(word));
  }
  return words;
}

PartFinder::PartFinder(const Catalog& catalog, std::string family)
    : family_(std::move(family)), parts_(catalog.parts(family_)) {
  for (const std::string& part : parts_) {
    names_.push_back({name_words(part), part});
    const Entry entry =
        catalog.read(family_, part, [](const std::string&, TableReader& parameters) { parameters.accept_rest(); });
    for (const std::string& alias : entry.aliases) names_.push_back({name_words(alias), part});
    names_.push_back({name_words(entry.name.substr(0, entry.name.find('('))), part});
  }
  // `RTX 3080` is one of those that are told apart by memory; the first of them is as good as another.
  for (const Name& named : names_) {
    Name bare = named;
    std::erase_if(bare.words, [](const std::string& word) { return is_size(word) && word.ends_with("gb"); });
    if (bare.words.size() < named.words.size()) without_memory_.push_back(std::move(bare));
  }
}

std::optional<FoundPart> PartFinder::find(std::string_view name) const {
  if (const auto known = found_.find(name); known != found_.end()) return known->second;
  const std::vector<std::string> words = name_words(name);
  std::optional<FoundPart> best = best_of(names_, words);
  if (!best || !best->exact) {
    const auto bare = best_of(without_memory_, words);
    if (!best || (bare && bare->exact)) best = bare;
  }
  found_.emplace(std::string(name), best);
  return best;
}

std::optional<FoundPart> PartFinder::best_of(const std::vector<Name>& names, const std::vector<std::string>& words) {
  std::optional<FoundPart> best;
  int best_score = 0;
  for (const Name& candidate : names) {
    int points = candidate.words.empty() ? -1 : 4 * score(candidate.words, words);
    if (points < 0 || contradicts(candidate.words, words)) continue;
    const bool exact = !leaves_telling_word(candidate.words, words);
    points += exact ? 1 : 0;
    if (best && points <= best_score) continue;
    best = FoundPart{candidate.part, exact};
    best_score = points;
  }
  return best;
}

std::string PartFinder::hint(std::string_view name) const {
  const std::vector<std::string> words = name_words(name);
  std::optional<FoundPart> meant = find(name);
  const auto has_all = [&](const Name& known) {
    return std::all_of(words.begin(), words.end(), [&](const std::string& word) {
      return std::find(known.words.begin(), known.words.end(), word) != known.words.end();
    });
  };
  const auto found = words.empty() || meant ? names_.end() : std::find_if(names_.begin(), names_.end(), has_all);
  if (found != names_.end()) meant = FoundPart{found->part, false};
  return meant ? fmt::format("did you mean \"{}\"?", meant->part) : nearest_name_hint(lower(name), parts_);
}

std::string PartFinder::part(std::string_view name) const {
  if (const std::optional<FoundPart> found = find(name)) return found->part;
  Diagnostic diagnostic;
  diagnostic.key = printable(name);
  diagnostic.rule = "is not in the catalog, see labtwin parts " + family_;
  diagnostic.hint = hint(name);
  throw ConfigError(std::move(diagnostic));
}

}  // namespace labtwin::catalog
