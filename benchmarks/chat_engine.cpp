// 5,000 chat requests at 2 a second through one engine of vLLM with an 8B model on an RTX 4090: how long the steps of an engine
// take to simulate. Prints what came out, so that it can be seen to be the same work.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "models/base/rng.hpp"
#include "models/registry.hpp"
#include "models/serving/serving_replay.hpp"
#include "models/serving/vllm_scheduler.hpp"

namespace {

using namespace labtwin;

constexpr std::uint64_t kNumRequests = 5000;
constexpr double kRequestsPerSecond = 2.0;
constexpr double kMedianPrompt = 300.0;
constexpr double kMedianOutput = 200.0;
constexpr double kSpread = 0.8;  // of the logarithm

std::uint32_t length(double median, const RandomStream& luck, std::uint64_t request) {
  const double normal = std::sqrt(-2.0 * std::log(luck.uniform(request, 0))) * std::cos(2.0 * M_PI * luck.uniform(request, 1));
  return static_cast<std::uint32_t>(std::clamp(median * std::exp(kSpread * normal), 1.0, 4000.0));
}

}  // namespace

int main() {
  const catalog::Catalog parts;
  const serving::ModelShape shape = load_language_model(parts, "llama-3.1-8b").shape;
  const auto quant = serving::Quantisation::parse(load_quant_table(parts), "bf16");
  const serving::OperatorWork work = serving::operator_work(shape, serving::model_weights(shape, quant), 1.0);
  const auto coefficients = serving::typical_coefficients(load_accelerator(parts, "rtx-4090").spec);

  const RandomSource random(1, 0);
  const RandomStream gaps = random.stream("gap");
  const RandomStream prompts = random.stream("prompt");
  const RandomStream outputs = random.stream("output");
  std::vector<serving::TimedRequest> requests;
  Seconds now;
  for (std::uint64_t i = 0; i < kNumRequests; ++i) {
    now += Seconds::from_base(-std::log(gaps.uniform(i)) / kRequestsPerSecond);
    requests.push_back(
        {now, {.prompt_tokens = length(kMedianPrompt, prompts, i), .output_tokens = length(kMedianOutput, outputs, i)}});
  }
  serving::VllmScheduler engine({.num_blocks = 2588});
  const serving::ServingReplay result = serving::replay(requests, engine, serving::OperatorStepTime(coefficients, work));
  Seconds sum;
  for (std::size_t i = 0; i < requests.size(); ++i) sum += result.requests[i].last - requests[i].arrival;
  fmt::print("{} steps, {} preemptions, mean latency {:.3f} s\n", result.num_steps, engine.num_preemptions(),
             sum.value() / static_cast<double>(requests.size()));
  return 0;
}
