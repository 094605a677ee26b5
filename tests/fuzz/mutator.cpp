#include "tests/fuzz/mutator.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "tests/fuzz/kept_input.hpp"

namespace labtwin::fuzz {
namespace {

constexpr std::array<std::string_view, 32> kTokens = {"[",
                                                      "]",
                                                      "[[",
                                                      "]]",
                                                      "{",
                                                      "}",
                                                      "=",
                                                      ".",
                                                      "\"",
                                                      "'",
                                                      "\n",
                                                      "-",
                                                      "0",
                                                      "nan",
                                                      "inf",
                                                      "1e308",
                                                      "-1",
                                                      "\"\"",
                                                      "\"0 s\"",
                                                      "\"-1 s\"",
                                                      "\\u0000",
                                                      "\xff",
                                                      "\"1e400 GB/s\"",
                                                      "\"1 KB\"",
                                                      "9223372036854775808",
                                                      "2026-01-01",
                                                      "true",
                                                      "\"\"\"",
                                                      "a.b.c",
                                                      "[a.b]\n",
                                                      "x = 1\n",
                                                      "#"};

}  // namespace

std::size_t Mutator::below(std::size_t bound) {
  return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
}

void Mutator::mutate(std::string& text) {
  const std::size_t at = below(text.size() + 1);
  const std::size_t length = std::min(below(1 + below(64)), text.size() - at);
  switch (below(6)) {
    case 0:  // another byte
      if (at < text.size()) text[at] = static_cast<char>(below(256));
      break;
    case 1:  // something missing
      text.erase(at, length);
      break;
    case 2:  // something twice
      text.insert(at, text.substr(at, length));
      break;
    case 3:  // a token that means something
      text.insert(at, kTokens[below(kTokens.size())]);
      break;
    case 4: {  // a piece of another file
      const std::string& other = any_text();
      const std::size_t from = below(other.size() + 1);
      text.insert(at, other.substr(from, below(256)));
      break;
    }
    case 5:  // the end missing
      if (below(8) == 0) text.resize(at);
      break;
  }
}

std::string Mutator::next() {
  std::string text = any_text();
  for (std::size_t left = 1 + below(8); left > 0; --left) mutate(text);
  if (text.size() > KeptInput::kSize) text.resize(KeptInput::kSize);
  return text;
}

}  // namespace labtwin::fuzz
