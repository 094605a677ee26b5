#include "sim/command/expected_speed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "models/serving/server_engine.hpp"
#include "sim/output/number_text.hpp"

namespace labtwin::command {
namespace {

using calibration::Estimate;
using output::significant;
using Json = nlohmann::ordered_json;

constexpr double kUsualContext = 1000.0;

serving::ServerSettings settings_of(const serving::VramRequest& request) {
  if (request.engine == serving::ServingEngine::Vllm) {
    return serving::VllmServer{.max_model_len = static_cast<std::uint32_t>(request.context), .kv = request.kv};
  }
  return serving::LlamaServer{.ctx_size = static_cast<std::uint32_t>(request.context),
                              .ubatch_size = static_cast<std::uint32_t>(request.ubatch),
                              .kv = request.kv};
}

double step_seconds(const calibration::ServerSpeed& speed, double context) {
  return speed.step_time
      ->step_time({.num_tokens = 1.0, .num_sampled = 1.0, .num_decodes = 1.0, .kv_tokens = context, .longest_kv = context})
      .value();
}

Estimate scaled(const Estimate& rate, double factor) {
  return {rate.value * factor, rate.low * factor, rate.high * factor};
}

std::string rate_text(const Estimate& rate) {
  return fmt::format("{} tok/s (90 %: {} to {})", significant(rate.value), significant(rate.low), significant(rate.high));
}

Json rate_json(const Estimate& rate) {
  return {{"value", rate.value}, {"low", rate.low}, {"high", rate.high}};
}

}  // namespace

std::optional<ExpectedSpeed> expected_speed(const std::string& model, const serving::VramRequest& request,
                                            const std::vector<AcceleratorPart>& cards) {
  const bool is_whole = !request.layers_on_card && request.expert_layers_in_host == 0;
  const bool is_one_kind = std::all_of(
      cards.begin(), cards.end(), [&](const AcceleratorPart& card) { return card.entry.part == cards.front().entry.part; });
  const bool exchanges = request.engine == serving::ServingEngine::Vllm && request.num_cards > 1;
  if (!is_whole || !is_one_kind || exchanges) return std::nullopt;
  const serving::ServerSettings settings = settings_of(request);
  const calibration::ServerSpeed speed =
      calibration::server_speed({.card = cards.front().entry,
                                 .place = {request.shape, request.quant, cards.front().spec, request.num_cards},
                                 .model = model,
                                 .backend = {},
                                 .settings = settings,
                                 .group = {.num_cards = request.num_cards, .split = interconnect::ModelSplit::Layers}});
  return ExpectedSpeed{
      .decode_tok_s = speed.decode_tok_s,
      .at_full_context = scaled(speed.decode_tok_s, step_seconds(speed, kUsualContext) / step_seconds(speed, request.context)),
      .prompt_tok_s = speed.prompt_tok_s,
      .grade = speed.grade,
      .source = speed.source};
}

std::string speed_text(const ExpectedSpeed& speed, double context) {
  std::string text = fmt::format("One sequence decodes {} behind {:.0f} tokens", rate_text(speed.decode_tok_s), kUsualContext);
  if (context > kUsualContext) text += fmt::format(", {} behind {:.0f}", significant(speed.at_full_context.value), context);
  return text + fmt::format(";\na prompt of 512 tokens is read at {}.\nKnown from: {} ({}).\n", rate_text(speed.prompt_tok_s),
                            speed.source, catalog::grade_name(speed.grade));
}

Json speed_json(const ExpectedSpeed& speed) {
  return {{"decode_tok_s", rate_json(speed.decode_tok_s)},
          {"decode_tok_s_at_full_context", rate_json(speed.at_full_context)},
          {"prompt_tok_s", rate_json(speed.prompt_tok_s)},
          {"grade", catalog::grade_name(speed.grade)},
          {"source", speed.source}};
}

}  // namespace labtwin::command
