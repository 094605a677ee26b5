#pragma once

// What the words of a measured row tell of tokens that a model guesses ahead (speculative decoding).

#include <string_view>

#include "models/calibration/llm_run.hpp"

namespace labtwin::calibration {

/// Law:    of n tokens guessed in a step, each right with probability a if those before it were, a step yields
///         1 + a + a^2 + ... + a^n
/// Inputs: notes, which may tell n (`n-max 2`) and a (`acceptance 0.53-0.94`: the middle), and the names of model and file;
///         sets the run's `speculation`, `guessed` and `tokens_per_step`
/// Valid:  where either is not told, `tokens_per_step` stays 1 and the kind of guessing has a factor of its own; notes on what
///         other runs do (`many composes use MTP`) make it `perhaps`
/// Source: Leviathan, Kalman, Matias 2023
/// Error:  measured with the throughput law, see `labtwin validate` of kind llm_throughput
void read_guesses(LlmRun& row, std::string_view notes, std::string_view names);

}  // namespace labtwin::calibration
