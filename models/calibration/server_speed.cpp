#include "models/calibration/server_speed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "models/base/distribution.hpp"
#include "models/calibration/card_operators.hpp"
#include "models/calibration/llm_effects.hpp"
#include "models/calibration/offload_speed.hpp"
#include "models/calibration/tensor_exchange.hpp"
#include "models/serving/drawn_step_time.hpp"
#include "models/serving/kv_cache.hpp"
#include "models/serving/model_weights.hpp"
#include "models/serving/paged_step_time.hpp"
#include "models/serving/pipeline_step_time.hpp"
#include "models/serving/power_limit.hpp"
#include "models/serving/slot_step_time.hpp"
#include "models/serving/streamed_step_time.hpp"

namespace labtwin::calibration {
namespace {

using interconnect::ModelSplit;
using serving::OperatorBatch;

// Half-width of the 90 % interval of the logarithm, assumed: coefficients of the two cards that they were fitted to differ by
// up to 40 % from their mean.
constexpr double kTypicalCoefficients = 0.40;
// The same, assumed: of a run with tables of its own model the means are within 5 %; other models and batches are further off.
constexpr double kFittedCoefficients = 0.20;
// Standard deviations from the middle to the end of a 90 % interval.
constexpr double kIntervalSigmas = 1.6448536269514722;
constexpr double kUsualPrompt = 512.0;
constexpr double kUsualContext = 1000.0;

/// Whether rows of the card were fitted.
bool is_measured(const LlmRun& run) {
  const std::vector<std::string> keys = LlmEffects::shipped_keys("token:all.card");
  const std::string key = fmt::format("{}|{}", run.backend, run.card);
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

double half_width(const LlmRun& run, LlmEffects& effects) {
  const PooledPrediction prediction = predict_pooled(effects.design(run), effects.values());
  return effects.width(run) * std::sqrt(prediction.variance(effects.values()) + kThroughputNoise * kThroughputNoise);
}

LlmRun run_of(const ServerSetup& setup, const serving::LlamaServer& server) {
  LlmRun run;
  run.engine = serving::server_name(setup.settings);
  run.engine_name = run.engine;
  run.backend = setup.backend.empty() ? usual_backend(setup.place.card.vendor) : setup.backend;
  run.card = setup.card.part;
  run.model = setup.model;
  run.flash_attention.assign(1, server.flash_attn ? '1' : '0');
  run.set_card(setup.place.card);
  run.set_model(setup.place.shape, setup.place.quant);
  run.run.ubatch = server.ubatch_size;
  run.run.prompt_tokens = 0.0;
  run.run.num_cards = setup.group.num_cards;
  if (setup.group.num_cards > 1) {
    run.run.splits_tensors = setup.group.split == ModelSplit::Tensors;
    run.split = fmt::format("{}{}", run.run.splits_tensors ? "tensor" : "layer", setup.group.num_cards);
  }
  return run;
}

// Layers with a window do not grow with the context: the mean over half of the longest request.
double usual_depth(const serving::ServerSettings& settings) {
  return std::clamp(0.5 * serving::longest_request(settings), 256.0, 8192.0);
}

// Batches were measured by the times between tokens.
double batch_exponent(const LlmEffects& effects, const LlmRun& run) {
  const std::string stack = "itl_ms|" + run.stack();
  return std::max(0.0, effects.find("token:all.batch|" + stack).value_or(0.0) +
                           effects.find("token:all.batch_arch|" + stack + "|" + run.architecture).value_or(0.0));
}

Estimate rate(double tokens, Seconds time, double half) {
  return log_interval(tokens / time.value(), half);
}

void add_rates(ServerSpeed& speed, double decode_half, double prompt_half) {
  const OperatorBatch decode{
      .num_tokens = 1.0, .num_sampled = 1.0, .num_decodes = 1.0, .kv_tokens = kUsualContext, .longest_kv = kUsualContext};
  const OperatorBatch prompt{.num_tokens = kUsualPrompt,
                             .num_sampled = 1.0,
                             .longest_chunk = kUsualPrompt,
                             .num_pairs = 0.5 * kUsualPrompt * kUsualPrompt};
  speed.decode_tok_s = rate(1.0, speed.step_time->step_time(decode), decode_half);
  speed.prompt_tok_s = rate(kUsualPrompt, speed.step_time->step_time(prompt), prompt_half);
}

/// The steps as this card takes them, with `share` of its full rate. Of all-reduces the law's own are taken.
std::unique_ptr<const serving::StepTimeModel> drawn(const ServerSetup& setup, const ServerSpeed& speed,
                                                    std::unique_ptr<const serving::StepTimeModel> law, double share = 1.0) {
  const serving::SpeedFactors factors{.decode = time_factor(speed.decode_sigma, setup.luck.decode) / share,
                                      .prompt = time_factor(speed.prompt_sigma, setup.luck.prompt) / share};
  return std::make_unique<serving::DrawnStepTime>(std::move(law), factors);
}

/// Half-widths of 90 % intervals of the logarithms of both rates.
struct HalfWidths {
  double decode = 0.0;
  double prompt = 0.0;
};

/// A pass goes through the cards of all stages, each of which has its part in the host. Of several cards these reads are
/// thought to meet nobody: what cards exchange has the links then.
std::unique_ptr<const serving::StepTimeModel> streamed(const ServerSetup& setup, const serving::VllmServer& vllm,
                                                       std::unique_ptr<const serving::StepTimeModel> in_memory) {
  const serving::ModelWeights weights = serving::model_weights(setup.place.shape, setup.place.quant);
  const auto at_once = static_cast<double>(setup.group.cards_per_stage());
  serving::WeightStream stream =
      serving::stream_weights(setup.place.shape, weights, vllm.cpu_offload * setup.group.num_stages, at_once);
  stream.rate = std::min(setup.host->link, setup.host->bandwidth / at_once);
  stream.is_alone = setup.group.num_cards > 1 || setup.group.expert_copies > 1;
  return std::make_unique<serving::StreamedStepTime>(std::move(in_memory), stream);
}

/// What a limit on the power and locked clocks leave of a card's speed.
struct Slowed {
  serving::LimitedSpeed limited;
  serving::ClockShares clocks;
};

// The limit lowers the graphics clock, and arithmetic with it: of both the lower one holds.
Slowed slowed_by(const ServerSetup& setup) {
  const serving::AcceleratorSpec& card = setup.place.card;
  Slowed slowed{.limited = {}, .clocks = serving::clock_shares(setup.clocks, card)};
  if (!setup.power_limit) return slowed;
  const serving::LimitedSpeed limited = serving::limited_speed(*setup.power_limit, *card.board_power);
  if (limited.share >= slowed.clocks.arithmetic) return slowed;
  return {.limited = limited, .clocks = serving::clock_shares({.memory = setup.clocks.memory}, card)};
}

/// Takes the steps of one card, and adds what cards exchange where there are several.
void set_steps(const ServerSetup& setup, std::unique_ptr<const serving::StepTimeModel> law, const HalfWidths& halves,
               ServerSpeed& speed) {
  const serving::LimitedSpeed limited = slowed_by(setup).limited;
  speed.decode_sigma = std::hypot(halves.decode / kIntervalSigmas, limited.sigma);
  speed.prompt_sigma = std::hypot(halves.prompt / kIntervalSigmas, limited.sigma);
  auto of_card = drawn(setup, speed, std::move(law), limited.share);
  const auto* vllm = std::get_if<serving::VllmServer>(&setup.settings);
  if (vllm != nullptr && vllm->cpu_offload > Bytes{} && setup.host) of_card = streamed(setup, *vllm, std::move(of_card));
  const interconnect::CardGroup& group = setup.group;
  const auto add = [&](const serving::ExchangeCoefficients& exchange) {
    if (!speed.exchange) speed.exchange = exchange;
    of_card = std::make_unique<serving::ExchangeStepTime>(std::move(of_card), exchange);
  };
  if (group.cards_per_stage() > 1 && group.split == ModelSplit::Tensors) add(tensor_exchange(group, setup.place.shape));
  if (group.expert_copies > 1) add(expert_exchange(group, setup.place.shape));
  if (group.num_stages > 1) {
    add(stage_exchange(group, setup.place.shape));
    of_card = std::make_unique<serving::PipelineStepTime>(std::move(of_card), group.num_stages);
  }
  speed.step_time = std::move(of_card);
  add_rates(speed, kIntervalSigmas * speed.decode_sigma, kIntervalSigmas * speed.prompt_sigma);
}

ServerSpeed vllm_speed(const ServerSetup& setup) {
  const serving::ModelWeights weights = serving::model_weights(setup.place.shape, setup.place.quant);
  const CardOperators operators = card_operators(setup.card.part, setup.place.card);
  ServerSpeed speed;
  serving::OperatorWork work = serving::operator_work(setup.place.shape, weights, setup.group.cards_per_stage());
  if (setup.group.expert_copies > 1) serving::spread_experts(work, setup.group.expert_copies);
  const double half = operators.grade == Grade::Fitted ? kFittedCoefficients : kTypicalCoefficients;
  set_steps(
      setup,
      std::make_unique<serving::OperatorStepTime>(serving::at_clocks(operators.coefficients, slowed_by(setup).clocks), work),
      {half, half}, speed);
  speed.grade = operators.grade;
  speed.source = operators.source;
  return speed;
}

ServerSpeed llama_speed(const ServerSetup& setup, const serving::LlamaServer& server) {
  LlmRun token = run_of(setup, server);
  LlmRun prompt = token;
  serving::ThroughputCoefficients coefficients;
  token.quantity = "decode_tok_s";
  coefficients.context_tokens = usual_depth(setup.settings);
  token.run.context_cache = serving::kv_cache_bytes(setup.place.shape, coefficients.context_tokens, server.kv);
  prompt.quantity = "prefill_tok_s";
  prompt.run.prompt_tokens = server.ubatch_size;
  // Batches have effects of their own, which only runs of several sequences name.
  LlmRun batched = token;
  batched.quantity = "itl_ms";
  batched.run.batch = 2.0;
  const std::array<LlmRun, 3> runs{token, prompt, batched};
  LlmEffects effects = LlmEffects::shipped_for(runs);
  coefficients.run = prompt.run;
  const serving::ClockShares clocks = slowed_by(setup).clocks;
  coefficients.token = serving::at_clocks(scaled_terms(token, effects), clocks);
  coefficients.prompt = serving::prompt_at_clocks(scaled_terms(prompt, effects), clocks);
  coefficients.batch_exponent = batch_exponent(effects, token);
  // What the law of links knows better: between which cards, over which way.
  if (token.run.splits_tensors) coefficients.token[serving::Exchange] = coefficients.prompt[serving::Exchange] = 0.0;
  ServerSpeed speed;
  set_steps(setup, std::make_unique<serving::ThroughputStepTime>(coefficients),
            {half_width(token, effects), half_width(prompt, effects)}, speed);
  const bool measured = is_measured(token);
  speed.grade = measured ? Grade::Fitted : Grade::Assumed;
  speed.source = fmt::format("throughput of {} on {}", token.engine,
                             measured ? token.card : "other cards of its architecture: this one was not measured");
  return speed;
}

Estimate slower(const Estimate& rate, double factor) {
  return {rate.value / factor, rate.low / factor, rate.high / factor};
}

/// Nothing where memory holds all that the host has.
serving::MissingWeights missing_of(const ServerSetup& setup, const serving::LlamaServer& server) {
  if (!setup.host->page_cache) return {};
  serving::MissingWeights missing =
      serving::missing_weights(serving::weight_placement(setup.place, server), *setup.host->page_cache);
  missing.rate = setup.host->storage;
  missing.ubatch = server.ubatch_size;
  return missing;
}

ServerSpeed spilled_speed(const ServerSetup& setup, const serving::LlamaServer& server) {
  ServerSpeed speed = offload_speed(setup, server);
  const auto sigma = [](const Estimate& rate) { return 0.5 * std::log(rate.high / rate.low) / kIntervalSigmas; };
  speed.decode_sigma = sigma(speed.decode_tok_s);
  speed.prompt_sigma = sigma(speed.prompt_tok_s);
  speed.step_time = drawn(setup, speed, std::move(speed.step_time));
  speed.decode_tok_s = slower(speed.decode_tok_s, time_factor(speed.decode_sigma, setup.luck.decode));
  speed.prompt_tok_s = slower(speed.prompt_tok_s, time_factor(speed.prompt_sigma, setup.luck.prompt));
  const serving::MissingWeights missing = missing_of(setup, server);
  if (missing.dense + missing.experts > Bytes{}) {
    speed.step_time = std::make_unique<serving::PagedStepTime>(std::move(speed.step_time), missing);
    add_rates(speed, kIntervalSigmas * speed.decode_sigma, kIntervalSigmas * speed.prompt_sigma);
  }
  return speed;
}

}  // namespace

double time_factor(double sigma, double share) {
  constexpr double kP90Sigmas = 1.2815515655446004;
  return Distribution::lognormal_from_median(1.0, std::exp(kP90Sigmas * sigma)).quantile(share);
}

ServerSpeed server_speed(const ServerSetup& setup) {
  const serving::LlamaServer* llama = serving::llama_server(setup.settings);
  if (llama == nullptr) return vllm_speed(setup);
  ServerSpeed speed = llama->offloads() && setup.host ? spilled_speed(setup, *llama) : llama_speed(setup, *llama);
  // The rates stay those that llama-bench measures.
  speed.step_time = std::make_unique<serving::ServedStepTime>(std::move(speed.step_time),
                                                              serving::llama_server_thread(setup.place.shape, llama->kv));
  return speed;
}

ServerSpeed mixed_speed(std::vector<SharedSpeed> cards, serving::CardWork work) {
  if (cards.size() == 1) return std::move(cards.front().speed);
  ServerSpeed speed;
  speed.exchange = cards.front().speed.exchange;
  speed.grade = Grade::Measured;
  std::vector<serving::CardShare> steps;
  for (SharedSpeed& card : cards) {
    speed.decode_sigma = std::max(speed.decode_sigma, card.speed.decode_sigma);
    speed.prompt_sigma = std::max(speed.prompt_sigma, card.speed.prompt_sigma);
    speed.grade = std::max(speed.grade, card.speed.grade);
    speed.source += (speed.source.empty() ? "" : "; ") + card.speed.source;
    steps.push_back({std::move(card.speed.step_time), card.share});
  }
  speed.step_time = std::make_unique<serving::MixedStepTime>(std::move(steps), work);
  add_rates(speed, kIntervalSigmas * speed.decode_sigma, kIntervalSigmas * speed.prompt_sigma);
  return speed;
}

}  // namespace labtwin::calibration
