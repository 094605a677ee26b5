#pragma once

// Measurements, scenarios and people name one card or model in many ways: `RTX 3090`, `NVIDIA GeForce RTX 3090 24GB`,
// `Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf`. Here, and nowhere else, such a name becomes a part of the catalog.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/catalog/catalog.hpp"

namespace labtwin::catalog {

/// A name cut into lower-case words and numbers: `RTX3090Ti 24GB` is rtx, 3090, ti, 24gb. Words that tell nothing (vendor,
/// `instruct`, file endings) are left out; sizes keep their unit (`8b`, `24gb`).
[[nodiscard]] std::vector<std::string> name_words(std::string_view name);

/// A part that a name was found to mean.
struct FoundPart {
  std::string part;
  /// Whether every word that tells variants apart (`ti`, `laptop`, `coder`, sizes) was accounted for; else it is the nearest.
  bool exact = false;
};

/// Finds parts of one family by free text. Copies of the list of names are cheap to keep, so make one finder and ask often.
class PartFinder {
 public:
  /// Reads names and aliases of the family's entries.
  PartFinder(const Catalog& catalog, std::string family);

  /// The part whose words all stand in the name, the most specific one; then, where the size of its memory or its number of
  /// parameters is told apart, the one of that size. A name that tells no memory means one of several that differ in it.
  /// Nothing if no part's words all stand there.
  [[nodiscard]] std::optional<FoundPart> find(std::string_view name) const;

  /// `did you mean "PART"?` for the part that the name finds, else one whose name has all of its words, else the nearest by
  /// letters; empty if none is near.
  [[nodiscard]] std::string hint(std::string_view name) const;

  /// As find(); throws ConfigError with the nearest name if there is none.
  [[nodiscard]] std::string part(std::string_view name) const;

 private:
  struct Name {
    std::vector<std::string> words;
    std::string part;
  };

  [[nodiscard]] static std::optional<FoundPart> best_of(const std::vector<Name>& names, const std::vector<std::string>& words);

  std::string family_;
  std::vector<std::string> parts_;
  std::vector<Name> names_;
  std::vector<Name> without_memory_;  ///< of parts whose names tell their memory, for names that do not
  mutable std::map<std::string, std::optional<FoundPart>, std::less<>> found_;
};

}  // namespace labtwin::catalog
