#include "models/serving/throughput_law.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace labtwin::serving {
namespace {

constexpr double kLaunch = 60e-6;     // of the kernels of a layer, s
constexpr double kExchange = 30e-6;   // between cards, per layer, s
constexpr double kUploadRate = 20e9;  // to a card, B/s
constexpr double kRequest = 20e-3;    // of a server, around a prompt, s
constexpr double kCall = 1e-3;        // of a program that measures itself, s
constexpr double kIdleColumns = 16.0;
constexpr double kIdleExpertColumns = 64.0;
constexpr double kFewColumns = 8.0;
constexpr double kUnpack = 8.0;         // operations per weight that a step reads
constexpr double kScale = 0.4;          // operations per weight and token of a prompt
constexpr double kActivations = 240.0;  // bytes that a layer reads and writes per token and element of the hidden state
constexpr double kNothing = 1e-12;

double cards_at_once(const ThroughputRun& run) {
  return run.splits_tensors ? run.num_cards : 1.0;
}

}  // namespace

double columns_worked(const ThroughputRun& run, double microbatch) {
  const double idle = run.weights.has_experts() ? kIdleExpertColumns / std::max(kFewColumns, microbatch * run.weights.picked)
                                                : kIdleColumns / std::max(kFewColumns, microbatch);
  return microbatch * (1.0 + idle);
}

ThroughputTerms token_seconds(const ThroughputRun& run, bool with_prompts) {
  const double bandwidth = run.memory_bandwidth.value() * cards_at_once(run);
  const double peak = run.peak_flops.value() * cards_at_once(run);
  const double arithmetic = 2.0 * run.active_parameters * run.batch / peak;
  ThroughputTerms terms{};
  terms[Launch] = run.layers * kLaunch;
  terms[Weights] = run.weights.read_on_card(run.batch).value() / bandwidth + kNothing;
  terms[Context] = run.batch * run.context_cache.value() / bandwidth + kNothing;
  terms[Arithmetic] = arithmetic;
  terms[Vector] = kUnpack * run.active_parameters / (run.vector_flops.value() * cards_at_once(run)) + kNothing;
  terms[Host] = run.weights.read_in_host(run.batch).value() / run.host_bandwidth.value() + kNothing;
  terms[Exchange] = run.num_cards > 1.0 ? run.layers * kExchange : kNothing;
  terms[Other] = kNothing;
  if (with_prompts && run.generated_tokens > 0.0 && run.prompt_tokens > 0.0) {
    const ThroughputTerms prompt = prompt_seconds(run);
    const double on_cards = std::accumulate(prompt.begin(), prompt.begin() + Host, 0.0);
    terms[Other] += run.batch * on_cards / run.generated_tokens;
  }
  return terms;
}

ThroughputTerms prompt_seconds(const ThroughputRun& run) {
  const double bandwidth = run.memory_bandwidth.value() * cards_at_once(run);
  const double peak = run.peak_flops.value() * cards_at_once(run);
  const double tokens = run.prompt_tokens;
  const double together = tokens * run.prompts_at_once;
  const double microbatch = std::min(together, run.ubatch);
  const double passes = std::ceil(together / run.ubatch) / run.prompts_at_once;
  const double read = run.weights.read_on_card(microbatch).value() * passes;
  const double seen = run.depth + 0.5 * tokens;
  const double attention = 2.0 * tokens * (run.attended * seen + run.windowed * std::min(seen, run.window)) / peak;
  const double multiplied = run.active_parameters * tokens * columns_worked(run, microbatch) / microbatch;
  ThroughputTerms terms{};
  terms[Launch] = passes * run.layers * kLaunch;
  const double activations = kActivations * run.layers * run.hidden_size * tokens;
  terms[Weights] = (read + activations) / bandwidth + kNothing;
  terms[Context] = attention + passes * run.context_cache.value() / bandwidth;
  terms[Arithmetic] = 2.0 * multiplied / peak;
  terms[Vector] = kScale * multiplied / (run.vector_flops.value() * cards_at_once(run)) + kNothing;
  terms[Host] = passes * run.weights.read_in_host(microbatch).value() / kUploadRate + kNothing;
  terms[Exchange] = run.num_cards > 1.0 ? passes * run.layers * kExchange : kNothing;
  terms[Other] = run.is_request ? kRequest : kCall;
  return terms;
}

}  // namespace labtwin::serving
