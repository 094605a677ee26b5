#pragma once

// What the scheduler of every inference engine has in common: requests in, one step after the other out. It is told when a step
// is done; how long a step takes is up to a law of step times.

#include <cstddef>
#include <cstdint>
#include <span>

#include "models/base/text_run.hpp"

namespace labtwin::serving {

/// Tokens to be computed. Its text is a prompt that others share, followed by its own, which a conversation may share too.
struct InferenceRequest {
  std::uint64_t id = 0;             ///< < 2^38, of one request at a time
  std::uint32_t prompt_tokens = 1;  ///< >= 1
  std::uint32_t output_tokens = 1;  ///< >= 1
  std::uint64_t prefix = 0;         ///< < 2^38; which prompt the first `prefix_tokens` are shared with
  std::uint32_t prefix_tokens = 0;
  std::uint64_t conversation = 0;  ///< < 2^38; whose turns begin with all tokens of the turn before; 0: none
  /// What it consists of, in the numbers of the namespace `prefix`, < 64, ends ascending. They outlive the engine. What is
  /// behind the last of them, or all where there is none, is as the members above say.
  std::span<const TextRun> texts{};
};

/// What a step does for one request.
struct StepPart {
  std::uint64_t request = 0;
  std::uint32_t num_tokens = 0;    ///< whose keys and values are computed
  std::uint32_t num_computed = 0;  ///< that are in the cache already
  std::uint32_t num_moved = 0;     ///< whose keys and values cross to the host, or back, before the step
  bool samples = false;            ///< the last of its tokens is reached: one token comes out
  bool is_decode = false;          ///< one token behind an output
};

/// A token came out.
struct TokenEvent {
  std::uint64_t request = 0;
  bool is_first = false;
  bool is_last = false;
};

/// The scheduler of one engine.
class InferenceEngine {
 public:
  virtual ~InferenceEngine() = default;

  /// Queues a request. False, and nothing done, if the engine can never hold its tokens.
  [[nodiscard]] virtual bool submit(const InferenceRequest& request) = 0;
  /// Forgets a request, with the step under way if it is in one.
  virtual void cancel(std::uint64_t request) = 0;
  /// The next step; empty if there is nothing to run. Each step must be completed before the next.
  virtual std::span<const StepPart> schedule() = 0;
  /// How many steps may follow one another with the same requests, the one scheduled last included, as long as nobody comes or
  /// goes: each goes one token further.
  [[nodiscard]] virtual std::uint64_t num_alike() const = 0;
  /// The step scheduled last, and those alike that followed it, are done: the tokens that came out of the last one.
  virtual std::span<const TokenEvent> complete(std::uint64_t num_steps) = 0;

  /// Whether somebody who comes now can be in the next step.
  [[nodiscard]] virtual bool has_room() const = 0;
  [[nodiscard]] virtual std::size_t num_waiting() const = 0;
  /// Tokens of the prompt that would not be computed again if it came now.
  [[nodiscard]] virtual std::uint64_t num_kept(const InferenceRequest& prompt) const = 0;
};

}  // namespace labtwin::serving
