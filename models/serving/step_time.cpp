#include "models/serving/step_time.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::serving {
namespace {

constexpr Seconds kForgiven = Seconds::from_base(1e-9);

}  // namespace

Seconds StepRun::time(std::uint64_t num_steps) const {
  const auto steps = static_cast<double>(num_steps);
  return first * steps + growth * (0.5 * steps * (steps - 1.0));
}

std::uint64_t StepRun::steps_within(Seconds elapsed, std::uint64_t limit) const {
  std::uint64_t low = 0;
  std::uint64_t high = limit;
  while (low < high) {
    const std::uint64_t middle = low + (high - low + 1) / 2;
    if (time(middle) <= elapsed + kForgiven) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

StepRun step_run(const StepTimeModel& model, const OperatorBatch& first) {
  StepRun run{.first = model.step_time(first), .growth = {}};
  if (first.longest_chunk > 0.0) return run;
  OperatorBatch next = first;
  next.kv_tokens += first.num_decodes;
  next.longest_kv += 1.0;
  run.growth = model.step_time(next) - run.first;
  return run;
}

ThroughputStepTime::ThroughputStepTime(const ThroughputCoefficients& c)
    : run_(c.run),
      batch_exponent_(c.batch_exponent),
      token_fixed_(c.token[Launch] + c.token[Exchange]),
      token_weights_((c.token[Weights] + c.token[Vector] + c.token[Host]) / weights_read(1.0)),
      token_context_(c.token[Context] / c.context_tokens),
      token_arithmetic_(c.token[Arithmetic]),
      pass_fixed_(c.prompt[Launch] + c.prompt[Exchange]),
      pass_weights_((c.prompt[Weights] + c.prompt[Host]) / weights_read(run_.prompt_tokens)),
      prompt_arithmetic_((c.prompt[Arithmetic] + c.prompt[Vector]) / columns_worked(run_, run_.prompt_tokens)),
      prompt_pair_(c.prompt[Context] / (run_.prompt_tokens * (run_.depth + 0.5 * run_.prompt_tokens))),
      per_prompt_(c.prompt[Other]) {}

double ThroughputStepTime::weights_read(double tokens) const {
  return (run_.weights.read_on_card(tokens) + run_.weights.read_in_host(tokens)).value();
}

Seconds ThroughputStepTime::step_time(const OperatorBatch& batch) const {
  const double context = token_context_ * batch.kv_tokens;
  if (batch.longest_chunk > 0.0) return Seconds::from_base(prompts(batch) + context);
  const double one = token_fixed_ + token_weights_ * weights_read(batch.num_decodes) + context;
  const double slower = batch_exponent_ == 0.0 ? 1.0 : std::pow(batch.num_decodes, batch_exponent_);
  return Seconds::from_base(slower * (one + token_arithmetic_ * batch.num_decodes));
}

double ThroughputStepTime::prompts(const OperatorBatch& batch) const {
  const double whole = std::floor(batch.num_tokens / run_.ubatch);
  const double rest = batch.num_tokens - whole * run_.ubatch;
  double seconds = prompt_pair_ * batch.num_pairs + per_prompt_ * (batch.num_sampled - batch.num_decodes);
  const auto pass = [&](double tokens) {
    return pass_fixed_ + pass_weights_ * weights_read(tokens) + prompt_arithmetic_ * columns_worked(run_, tokens);
  };
  if (whole > 0.0) seconds += whole * pass(run_.ubatch);
  if (rest > 0.0) seconds += pass(rest);
  return seconds;
}

}  // namespace labtwin::serving
