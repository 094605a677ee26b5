#pragma once

// What prompts have in common, as traces of requests tell it.

#include <cstdint>

namespace labtwin {

/// The tokens of a prompt up to `end` that no run before has. They are those of a text that `text` numbers, each with all
/// tokens before it: two prompts are alike as far as their runs are. A text may go on behind the prompt, with what is answered
/// to it.
struct TextRun {
  std::uint32_t end = 0;
  std::uint32_t text = 0;

  [[nodiscard]] bool operator==(const TextRun&) const = default;
};

}  // namespace labtwin
