#pragma once

// What readers of all formats of traces need: the trace that they fill, mistakes with their lines, numbers of sessions and
// texts.

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "models/base/error.hpp"
#include "models/workload/trace.hpp"

namespace labtwin::workload {

/// A trace that is being read.
class TraceDraft {
 public:
  explicit TraceDraft(std::string_view name) : name_(name) {}

  Trace trace;

  void next_line() noexcept { ++line_; }
  /// Notes a mistake in the line under way.
  void complain(std::string_view key, std::string_view value, std::string_view rule, std::string_view hint = {});
  /// A mistake that makes the rest unreadable.
  [[noreturn]] void fail(std::string_view rule, std::string_view hint = {});
  [[nodiscard]] bool has_mistakes() const noexcept { return !diagnostics_.empty(); }

  /// The number of a request, under which others may wait for it.
  std::uint32_t add(TraceRequest request);
  /// The number of a session, from 1.
  std::uint32_t session(std::string_view name);
  /// A text that no request has had before.
  std::uint32_t new_text() noexcept { return next_text_++; }

  /// In order, from the first request on; throws if there were mistakes.
  Trace finish();

 private:
  void put_in_order();

  std::string name_;
  std::size_t line_ = 0;
  std::vector<Diagnostic> diagnostics_;
  std::map<std::string, std::uint32_t, std::less<>> sessions_;
  std::uint32_t next_text_ = 0;
};

/// The texts of one conversation, of which a trace tells how many tokens a prompt shares with the prompt before it.
class GrowingPrompt {
 public:
  /// The next prompt: `shared` tokens are those of the one before, as far as that went; what is new goes up to `end`.
  [[nodiscard]] std::vector<TextRun> next(double shared, double end, TraceDraft& draft);

 private:
  std::vector<TextRun> texts_;
};

/// The texts of prompts that a trace tells as numbers of blocks, each with all before it.
class BlockTexts {
 public:
  /// `end`: tokens of the prompt, where its last block may be cut short. Blocks that follow one another become one run.
  [[nodiscard]] std::vector<TextRun> runs(const std::vector<std::uint32_t>& blocks, double block_tokens, double end,
                                          TraceDraft& draft);

 private:
  std::unordered_map<std::uint32_t, std::uint32_t> by_offset_;  ///< texts, by the number of a block less its place
};

// What lines hold.

using Cells = std::vector<std::string_view>;
[[nodiscard]] Cells split(std::string_view line);
/// A finite number, and nothing behind it.
[[nodiscard]] std::optional<double> number(std::string_view text);
/// Seconds since 1970 of `YYYY-MM-DD hh:mm:ss[.fraction][+00:00]`, or with `T` and `Z`.
[[nodiscard]] std::optional<double> instant(std::string_view text);
/// A number of tokens under a key; complains if it is none.
[[nodiscard]] std::optional<double> tokens(const nlohmann::json& object, const char* key, TraceDraft& draft);
/// Numbers of blocks; complains if they are none.
[[nodiscard]] std::vector<std::uint32_t> block_numbers(const nlohmann::json& ids, TraceDraft& draft);

}  // namespace labtwin::workload
