#pragma once

// How long one step of an inference engine takes. A server asks once per step, or once for a run of steps whose batch does not
// change, so the interface speaks of batches and never of tokens one by one.

#include <cstdint>

#include "models/base/units.hpp"
#include "models/serving/operator_law.hpp"
#include "models/serving/throughput_law.hpp"

namespace labtwin::serving {

/// Of a step, what crosses links outside the card: all-reduces between cards, weights in the memory of the host.
struct StepTraffic {
  Seconds on_links;  ///< part of the step in which bytes move, nobody else there
  Bytes bytes;       ///< of each card
};

/// The law of one engine on one card, or on several that work together, with one model.
class StepTimeModel {
 public:
  virtual ~StepTimeModel() = default;
  /// Of decodes alone it is linear in the tokens that they attend to.
  [[nodiscard]] virtual Seconds step_time(const OperatorBatch& batch) const = 0;
  /// Of decodes alone it is the same however long their contexts are.
  [[nodiscard]] virtual StepTraffic traffic(const OperatorBatch& /*batch*/) const { return {}; }
};

/// Steps in a row, each of which adds one token to the context of every sequence: their times are an arithmetic series.
struct StepRun {
  Seconds first;
  Seconds growth;  ///< from one step to the next

  [[nodiscard]] Seconds time(std::uint64_t num_steps) const;
  /// How many whole steps fit into `elapsed` (rounding errors of 1 ns forgiven), at most `limit`.
  [[nodiscard]] std::uint64_t steps_within(Seconds elapsed, std::uint64_t limit) const;
};
/// One step, if it has prompts; else the run of decodes that begins with it.
[[nodiscard]] StepRun step_run(const StepTimeModel& model, const OperatorBatch& first);

/// The step time of vLLM: the law of its operators, see operator_law.hpp.
class OperatorStepTime final : public StepTimeModel {
 public:
  OperatorStepTime(const OperatorCoefficients& coefficients, const OperatorWork& work)
      : coefficients_(coefficients), work_(work) {}
  [[nodiscard]] Seconds step_time(const OperatorBatch& batch) const override {
    return serving::step_time(coefficients_, work_, batch);
  }

 private:
  OperatorCoefficients coefficients_;
  OperatorWork work_;
};

/// What the terms of the throughput law take for one model on one card, factors applied.
struct ThroughputCoefficients {
  ThroughputRun run;            ///< one sequence
  ThroughputTerms token{};      ///< seconds of a step that decodes one sequence at the run's depth
  ThroughputTerms prompt{};     ///< seconds of the run's prompt, which is one microbatch long
  double context_tokens = 1.0;  ///< that `token[Context]` is for
  double batch_exponent = 0.0;  ///< of the sequences of a step, by which decoding is slower than the terms say
};

/// Law:    decodes alone: launches + weights x share read by the batch + context of all sequences + arithmetic x sequences +
///         the host's part + exchange, times sequences^exponent. With prompts: for each microbatch of the prompts launches,
///         weights and arithmetic x columns, attention of the prompts, context of the decodes, and once per prompt that
///         ends what the server does around it
/// Inputs: terms of the throughput law for one sequence and one microbatch
/// Valid:  llama.cpp and its kin; where the throughput law is
/// Source: models/serving/throughput_law.hpp and its factors
/// Error:  of the single terms see `labtwin validate` of kind llm_throughput; of batches not measured
class ThroughputStepTime final : public StepTimeModel {
 public:
  explicit ThroughputStepTime(const ThroughputCoefficients& coefficients);
  [[nodiscard]] Seconds step_time(const OperatorBatch& batch) const override;

 private:
  [[nodiscard]] double weights_read(double tokens) const;  ///< bytes
  [[nodiscard]] double prompts(const OperatorBatch& batch) const;

  ThroughputRun run_;
  double batch_exponent_;
  // Seconds. Per step or pass, and per byte of the weights.
  double token_fixed_;
  double token_weights_;
  double token_context_;  ///< per token attended to
  double token_arithmetic_;
  double pass_fixed_;
  double pass_weights_;
  double prompt_arithmetic_;  ///< per column
  double prompt_pair_;
  double per_prompt_;
};

}  // namespace labtwin::serving
