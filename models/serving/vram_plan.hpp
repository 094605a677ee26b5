#pragma once

// Does this model load on this card with this context, and what fills the memory? The same question for llama.cpp and for vLLM.

#include <optional>
#include <string>
#include <vector>

#include "models/serving/accelerator_spec.hpp"
#include "models/serving/kv_cache.hpp"
#include "models/serving/model_shape.hpp"
#include "models/serving/quantisation.hpp"
#include "models/serving/vllm_memory.hpp"

namespace labtwin::serving {

enum class ServingEngine : unsigned char { LlamaCpp, Vllm };

struct VramRequest {
  ModelShape shape;
  Quantisation quant;
  AcceleratorSpec card;
  int num_cards = 1;
  ServingEngine engine = ServingEngine::LlamaCpp;
  double context = 4096.0;  ///< tokens of all sequences together
  KvTypes kv{};
  bool flash_attention = true;
  double ubatch = 512.0;
  double slots = 1.0;                   ///< of llama.cpp, that share the context
  VllmSettings vllm{};                  ///< beside what this says itself: cards and type of the cache
  std::optional<int> layers_on_card{};  ///< of llama.cpp, the output head counts as one; absent: all
  int expert_layers_in_host = 0;        ///< of llama.cpp, the first ones, whose routed experts stay there
  Bytes desktop{};                      ///< what a desktop or another program holds on the card
};

/// Over all cards.
struct VramPlan {
  Bytes weights;
  Bytes kv_cache;
  Bytes compute_buffer;  ///< of vLLM the activation peak
  Bytes reserve;         ///< contexts, communication, desktop
  Bytes usable;          ///< what the cards show, or vLLM's budget

  [[nodiscard]] Bytes total() const { return weights + kv_cache + compute_buffer + reserve; }
  [[nodiscard]] bool loads() const { return total() <= usable; }
};
[[nodiscard]] VramPlan plan_vram(const VramRequest& request);

/// The longest context, a multiple of 256 up to the model's own, with which it loads; nothing if not even 256 tokens fit.
[[nodiscard]] std::optional<double> largest_context(const VramRequest& request);

/// One change that makes a request load.
struct VramChange {
  std::string what;  ///< `quant q4_k_m`, `KV cache in q8_0`, `context 8192`, `n_cpu_moe 12`, `20 of 33 layers on the card`
  VramPlan plan;
};
/// Changes of one thing each, the smallest of their kind; empty if none helps.
[[nodiscard]] std::vector<VramChange> changes_that_load(const VramRequest& request, const QuantTable& quants);

}  // namespace labtwin::serving
