#include "models/serving/server_engine.hpp"

#include <algorithm>

#include "models/serving/llama_scheduler.hpp"
#include "models/serving/model_weights.hpp"
#include "models/serving/vllm_memory.hpp"
#include "models/serving/vllm_scheduler.hpp"

namespace labtwin::serving {
namespace {

VllmSettings memory_settings(const VllmServer& server) {
  return {.memory_utilization = server.gpu_memory_utilization,
          .max_batched_tokens = static_cast<double>(server.max_num_batched_tokens),
          .max_sequences = static_cast<double>(server.max_num_seqs),
          .pipeline_parallel = static_cast<double>(server.pipeline_parallel_size),
          .expert_copies = static_cast<double>(server.expert_copies),
          .cpu_offload = server.cpu_offload,
          .kv = server.kv,
          .block_tokens = static_cast<double>(server.block_size),
          .max_context = static_cast<double>(server.max_model_len)};
}

}  // namespace

std::string_view server_name(const ServerSettings& settings) {
  if (std::holds_alternative<VllmServer>(settings)) return "vllm";
  return std::holds_alternative<LlamaServer>(settings) ? "llama.cpp" : "ollama";
}

const LlamaServer* llama_server(const ServerSettings& settings) {
  if (const auto* ollama = std::get_if<OllamaServer>(&settings)) return &ollama->runner;
  return std::get_if<LlamaServer>(&settings);
}

std::uint32_t longest_request(const ServerSettings& settings) {
  const LlamaServer* llama = llama_server(settings);
  return llama != nullptr ? llama->ctx_size / llama->parallel : std::get<VllmServer>(settings).max_model_len;
}

VramRequest vram_request(const ServerPlace& place, const ServerSettings& settings) {
  VramRequest request{.shape = place.shape, .quant = place.quant, .card = place.card, .num_cards = place.num_cards};
  if (const LlamaServer* llama = llama_server(settings)) {
    request.context = llama->ctx_size;
    request.kv = llama->kv;
    request.flash_attention = llama->flash_attn;
    request.ubatch = llama->ubatch_size;
    request.slots = llama->parallel;
    if (llama->n_gpu_layers) request.layers_on_card = static_cast<int>(*llama->n_gpu_layers);
    request.expert_layers_in_host = static_cast<int>(llama->n_cpu_moe);
    return request;
  }
  const auto& vllm = std::get<VllmServer>(settings);
  request.engine = ServingEngine::Vllm;
  request.context = vllm.max_model_len;
  request.kv = vllm.kv;
  request.vllm = memory_settings(vllm);
  return request;
}

WeightPlacement weight_placement(const ServerPlace& place, const LlamaServer& server) {
  const auto all = static_cast<std::uint32_t>(place.shape.layers) + 1;
  return place_weights(place.shape, model_weights(place.shape, place.quant),
                       static_cast<int>(server.n_gpu_layers.value_or(all)), static_cast<int>(server.n_cpu_moe));
}

Bytes claimed_memory(const ServerPlace& place, const ServerSettings& settings) {
  const VramPlan plan = plan_vram(vram_request(place, settings));
  return std::holds_alternative<VllmServer>(settings) ? plan.usable : plan.total();
}

std::unique_ptr<InferenceEngine> make_slots(const ModelShape& shape, const LlamaServer& server) {
  const Bytes of_token = Bytes::from_base(kv_bytes_per_token(shape, server.kv).value());
  return std::make_unique<LlamaScheduler>(
      LlamaSchedulerSettings{.num_slots = server.parallel,
                             .slot_tokens = longest_request(server),
                             .batch = server.batch_size,
                             .caches_prompts = server.cache_prompt,
                             .host_tokens = static_cast<std::uint64_t>(server.cache_ram / of_token)});
}

std::unique_ptr<InferenceEngine> make_engine(const ServerPlace& place, const ServerSettings& settings) {
  if (const LlamaServer* llama = llama_server(settings)) return make_slots(place.shape, *llama);
  const auto& vllm = std::get<VllmServer>(settings);
  VllmSettings on_cards = memory_settings(vllm);
  on_cards.tensor_parallel = std::max(1.0, place.num_cards / on_cards.pipeline_parallel);
  const VllmMemory memory = vllm_memory(place.shape, model_weights(place.shape, place.quant), place.card, on_cards);
  return std::make_unique<VllmScheduler>(VllmSchedulerSettings{.num_blocks = static_cast<std::size_t>(memory.kv_blocks),
                                                               .block_tokens = vllm.block_size,
                                                               .max_sequences = vllm.max_num_seqs,
                                                               .max_batched_tokens = vllm.max_num_batched_tokens,
                                                               .caches_prefixes = vllm.enable_prefix_caching});
}

}  // namespace labtwin::serving
