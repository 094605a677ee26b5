#include "models/serving/vram_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>

#include "models/serving/card_memory.hpp"
#include "models/serving/llama_memory.hpp"
#include "models/serving/model_weights.hpp"
#include "models/serving/offload_step_time.hpp"

namespace labtwin::serving {
namespace {

constexpr double kContextStep = 256.0;

// Routed experts of the first layers stay in the host's memory; to multiply a prompt by them, one tensor of a layer at a time
// is copied to the card: gate, up or down.
void leave_experts(const VramRequest& request, const ModelWeights& weights, int layers_on_card, VramPlan& plan) {
  const WeightPlacement placement = place_weights(request.shape, weights, layers_on_card, request.expert_layers_in_host);
  plan.weights = placement.dense_on_card + placement.experts_on_card;
  Bytes largest;
  for (const LayerWeights& layer : weights.layers) largest = std::max(largest, layer.experts);
  plan.compute_buffer += largest / 3.0;
}

VramPlan plan_llama(const VramRequest& request) {
  const ModelShape& shape = request.shape;
  const ModelWeights weights = model_weights(shape, request.quant);
  const int asked = std::min(request.layers_on_card.value_or(shape.layers + 1), shape.layers + 1);
  const double share = static_cast<double>(std::min(asked, shape.layers)) / shape.layers;
  const bool has_head = asked > shape.layers;
  const LlamaSettings settings{.context = request.context,
                               .slots = request.slots,
                               .kv = request.kv,
                               .flash_attention = request.flash_attention,
                               .ubatch = request.ubatch,
                               .input_copies = request.num_cards > 1 ? kPipelineCopies : 1.0};
  VramPlan plan;
  plan.usable = usable_memory(request.card) * request.num_cards;
  plan.weights = weights.in_layers() * share + (has_head ? weights.output_head : Bytes{});
  plan.kv_cache = (kv_cache_bytes(shape, request.context, request.kv, {.ubatch = request.ubatch, .sequences = request.slots}) +
                   state_bytes(shape) * request.slots) *
                  share;
  plan.compute_buffer = llama_compute_buffer(shape, settings, GraphPart::WithHead) +
                        llama_compute_buffer(shape, settings, GraphPart::WithoutHead) * (request.num_cards - 1);
  plan.reserve = context_reserve(request.card) * request.num_cards + request.desktop;
  if (request.expert_layers_in_host > 0) leave_experts(request, weights, asked, plan);
  return plan;
}

VramPlan plan_vllm(const VramRequest& request) {
  VllmSettings settings = request.vllm;
  settings.tensor_parallel = std::max(1.0, request.num_cards / settings.pipeline_parallel);
  settings.kv = request.kv;
  const VllmMemory memory = vllm_memory(request.shape, model_weights(request.shape, request.quant), request.card, settings);
  const double cards = request.num_cards;
  VramPlan plan;
  plan.usable = memory.budget * cards;
  plan.weights = memory.weights * cards;
  plan.kv_cache = kv_cache_bytes(request.shape, request.context, request.kv, {.ubatch = settings.max_batched_tokens}) +
                  state_bytes(request.shape);
  plan.compute_buffer = memory.activation_peak * cards;
  plan.reserve = memory.outside_torch * cards + request.desktop;
  return plan;
}

/// Adds the first of the named variants of a request that is smaller and loads.
template <class Change>
void try_names(const VramRequest& request, std::span<const std::string_view> names, const Change& change,
               std::vector<VramChange>& changes, std::string_view what) {
  const Bytes now = plan_vram(request).total();
  for (const std::string_view name : names) {
    VramRequest changed = request;
    change(changed, name);
    const VramPlan plan = plan_vram(changed);
    if (plan.total() >= now || !plan.loads()) continue;
    changes.push_back({fmt::format("{} {}", what, name), plan});
    return;
  }
}

void try_quants(const VramRequest& request, const QuantTable& quants, std::vector<VramChange>& changes) {
  static constexpr std::array<std::string_view, 10> kGguf = {"q8_0",   "q6_k",   "q5_k_m", "q4_k_m",  "iq4_xs",
                                                             "q3_k_m", "iq3_xs", "q2_k",   "iq2_xxs", "iq1_s"};
  static constexpr std::array<std::string_view, 3> kOthers = {"fp8", "nvfp4", "awq-int4"};
  const bool is_llama = request.engine == ServingEngine::LlamaCpp;
  const auto change = [&](VramRequest& changed, std::string_view name) { changed.quant = Quantisation::parse(quants, name); };
  try_names(request, is_llama ? std::span<const std::string_view>(kGguf) : kOthers, change, changes, "quant");
}

void try_kv_types(const VramRequest& request, const QuantTable& quants, std::vector<VramChange>& changes) {
  static constexpr std::array<std::string_view, 2> kGguf = {"q8_0", "q4_0"};
  static constexpr std::array<std::string_view, 1> kOthers = {"fp8"};
  const bool is_llama = request.engine == ServingEngine::LlamaCpp;
  const auto change = [&](VramRequest& changed, std::string_view name) {
    changed.kv = find_kv_types(quants, name).value_or(request.kv);
  };
  try_names(request, is_llama ? std::span<const std::string_view>(kGguf) : kOthers, change, changes, "KV cache in");
}

void try_context(const VramRequest& request, std::vector<VramChange>& changes) {
  const auto context = largest_context(request);
  if (!context || *context >= request.context) return;
  VramRequest changed = request;
  changed.context = *context;
  changes.push_back({fmt::format("context {:.0f}", *context), plan_vram(changed)});
}

void try_layers(const VramRequest& request, std::vector<VramChange>& changes) {
  if (request.engine != ServingEngine::LlamaCpp) return;
  for (int layers = request.layers_on_card.value_or(request.shape.layers + 1) - 1; layers > 0; --layers) {
    VramRequest changed = request;
    changed.layers_on_card = layers;
    const VramPlan plan = plan_vram(changed);
    if (!plan.loads()) continue;
    changes.push_back({fmt::format("{} of {} layers on the card", layers, request.shape.layers + 1), plan});
    return;
  }
}

void try_experts(const VramRequest& request, std::vector<VramChange>& changes) {
  if (request.engine != ServingEngine::LlamaCpp || !request.shape.experts || request.num_cards > 1) return;
  for (int layers = request.expert_layers_in_host + 1; layers <= request.shape.layers; ++layers) {
    VramRequest changed = request;
    changed.expert_layers_in_host = layers;
    const VramPlan plan = plan_vram(changed);
    if (!plan.loads()) continue;
    changes.push_back({fmt::format("n_cpu_moe {}", layers), plan});
    return;
  }
}

void try_cpu_offload(const VramRequest& request, std::vector<VramChange>& changes) {
  constexpr double kGiB = 1073741824.0;
  if (request.engine != ServingEngine::Vllm) return;
  const double most = model_weights(request.shape, request.quant).in_layers().value() / kGiB;
  for (double gib = std::floor(request.vllm.cpu_offload.value() / kGiB) + 1.0; gib < most + 1.0; gib += 1.0) {
    VramRequest changed = request;
    changed.vllm.cpu_offload = Bytes::from_base(gib * kGiB);
    const VramPlan plan = plan_vram(changed);
    if (!plan.loads()) continue;
    changes.push_back({fmt::format("cpu_offload_gb {:.0f}", gib), plan});
    return;
  }
}

void try_cards(const VramRequest& request, std::vector<VramChange>& changes) {
  constexpr int kMostCards = 16;
  for (int cards = request.num_cards + 1; cards <= kMostCards; ++cards) {
    VramRequest changed = request;
    changed.num_cards = cards;
    const VramPlan plan = plan_vram(changed);
    if (!plan.loads()) continue;
    changes.push_back({fmt::format("{} of these cards", cards), plan});
    return;
  }
}

}  // namespace

VramPlan plan_vram(const VramRequest& request) {
  return request.engine == ServingEngine::LlamaCpp ? plan_llama(request) : plan_vllm(request);
}

std::optional<double> largest_context(const VramRequest& request) {
  const auto loads = [&](double steps) {
    VramRequest changed = request;
    changed.context = steps * kContextStep;
    return plan_vram(changed).loads();
  };
  double low = 0.0;
  double high = std::max(1.0, std::floor(request.shape.max_context / kContextStep)) + 1.0;
  while (high - low > 1.0) {
    const double middle = std::floor((low + high) / 2.0);
    (loads(middle) ? low : high) = middle;
  }
  return low > 0.0 ? std::optional<double>(low * kContextStep) : std::nullopt;
}

std::vector<VramChange> changes_that_load(const VramRequest& request, const QuantTable& quants) {
  std::vector<VramChange> changes;
  try_kv_types(request, quants, changes);
  try_context(request, changes);
  try_quants(request, quants, changes);
  try_experts(request, changes);
  try_layers(request, changes);
  try_cpu_offload(request, changes);
  try_cards(request, changes);
  return changes;
}

}  // namespace labtwin::serving
