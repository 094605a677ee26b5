#pragma once

// Makes wrong input out of right input: a seeded sequence of small mutilations of a text.

#include <random>
#include <string>
#include <vector>

namespace labtwin::fuzz {

class Mutator {
 public:
  /// `corpus` are the texts that splices are taken from; not empty.
  Mutator(std::vector<std::string> corpus, std::uint64_t seed) : corpus_(std::move(corpus)), random_(seed) {}

  /// The next mutilated text: one of the corpus after one to eight mutations.
  [[nodiscard]] std::string next();

 private:
  [[nodiscard]] std::size_t below(std::size_t bound);
  [[nodiscard]] const std::string& any_text() { return corpus_[below(corpus_.size())]; }
  void mutate(std::string& text);

  std::vector<std::string> corpus_;
  std::mt19937_64 random_;
};

}  // namespace labtwin::fuzz
