#pragma once

// The settings of inference servers under their own names, and what follows from them: what has to fit into a card, and the
// scheduler that runs.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "models/serving/inference_engine.hpp"
#include "models/serving/offload_step_time.hpp"
#include "models/serving/vram_plan.hpp"

namespace labtwin::serving {

/// vLLM, V1 engine; the defaults are its own.
struct VllmServer {
  std::uint32_t max_num_seqs = 256;
  std::uint32_t max_num_batched_tokens = 2048;
  double gpu_memory_utilization = 0.9;
  std::uint32_t max_model_len = 0;
  std::uint32_t block_size = 16;
  KvTypes kv{};  ///< `kv_cache_dtype`
  bool enable_prefix_caching = true;
  std::uint32_t pipeline_parallel_size = 1;  ///< stages of each copy of the model
  Bytes cpu_offload{};                       ///< of each card's weights, in the memory of the host: `cpu_offload_gb`
  std::uint32_t expert_copies = 1;           ///< of the model, over which `enable_expert_parallel` spreads its experts
};

/// `--cache-ram` of llama-server since October 2025, unless it is told.
inline constexpr Bytes kLlamaCacheRam = 8_GiB;

/// llama-server.
struct LlamaServer {
  std::uint32_t parallel = 1;
  std::uint32_t ctx_size = 4096;  ///< of all slots together
  std::uint32_t batch_size = 2048;
  std::uint32_t ubatch_size = 512;
  bool flash_attn = true;
  KvTypes kv{};  ///< `cache_type_k`, `cache_type_v`
  bool cache_prompt = true;
  Bytes cache_ram{};                            ///< of the host, for texts that slots had to give up
  std::uint32_t n_cpu_moe = 0;                  ///< layers whose routed experts stay in the memory of the host
  std::optional<std::uint32_t> n_gpu_layers{};  ///< on the card, the output head counts as one; absent: all
  bool mmap = true;                             ///< what memory does not hold of the rest is read from the file as it goes
  std::uint32_t threads = 0;                    ///< that multiply there; 0: as many as the node has cores

  [[nodiscard]] bool offloads() const noexcept { return n_cpu_moe > 0 || n_gpu_layers.has_value(); }
};

/// Ollama: a llama-server per model, loaded by the first request and unloaded when idle.
struct OllamaServer {
  LlamaServer runner{};  ///< `num_parallel` slots of `num_ctx` tokens each
  Seconds keep_alive = Seconds::from_base(300.0);
  std::uint32_t max_loaded_models = 3;  ///< on this card
};

using ServerSettings = std::variant<VllmServer, LlamaServer, OllamaServer>;

/// `vllm`, `llama.cpp` or `ollama`.
[[nodiscard]] std::string_view server_name(const ServerSettings& settings);
/// The llama-server inside; nullptr for vLLM.
[[nodiscard]] const LlamaServer* llama_server(const ServerSettings& settings);

/// What is to be served, and where.
struct ServerPlace {
  const ModelShape& shape;
  const Quantisation& quant;
  const AcceleratorSpec& card;
  int num_cards = 1;  ///< like it, that hold the model together
};

/// The most tokens that one request may have, prompt and answer together.
[[nodiscard]] std::uint32_t longest_request(const ServerSettings& settings);
/// What has to be in the card when the server starts. Of vLLM: with the cache of one longest request, below which it refuses.
[[nodiscard]] VramRequest vram_request(const ServerPlace& place, const ServerSettings& settings);
/// Where llama.cpp leaves the weights.
[[nodiscard]] WeightPlacement weight_placement(const ServerPlace& place, const LlamaServer& server);
/// What a server holds of the card's memory while it runs: vLLM all of its share, the others what they need.
[[nodiscard]] Bytes claimed_memory(const ServerPlace& place, const ServerSettings& settings);
/// The scheduler of llama-server.
[[nodiscard]] std::unique_ptr<InferenceEngine> make_slots(const ModelShape& shape, const LlamaServer& server);
/// The scheduler of a server whose plan loads.
[[nodiscard]] std::unique_ptr<InferenceEngine> make_engine(const ServerPlace& place, const ServerSettings& settings);

}  // namespace labtwin::serving
