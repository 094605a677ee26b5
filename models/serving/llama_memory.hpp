#pragma once

// What llama.cpp and its kin (Ollama, ik_llama.cpp, koboldcpp) put into the memory of one card.

#include <optional>

#include "models/base/units.hpp"
#include "models/serving/kv_cache.hpp"
#include "models/serving/model_shape.hpp"

namespace labtwin::serving {

struct LlamaSettings {
  double context = 4096.0;  ///< tokens, over all slots
  double slots = 1.0;
  KvTypes kv{};
  bool flash_attention = true;
  double ubatch = 512.0;                        ///< tokens that one graph works on
  std::optional<double> attention_max_batch{};  ///< ik_llama.cpp `-amb`, in MiB: a cap on the attention scores of a layer
};

/// What of a graph a device works on.
enum class GraphPart : unsigned char {
  WithHead,     ///< a device that has the output head: one card, or the last of several
  WithoutHead,  ///< another card of a layer split
  HostInput     ///< pinned memory of the host: token embeddings and the mask
};

/// Law:    with the head ubatch x (vocabulary + 2 hidden) x 4 B of logits and residuals; another card of a split ubatch x (83
///         B x hidden + 2.6 B x context). Without flash attention the scores, heads x context x ubatch x 4 B, if they are
///         larger. Latent attention with flash attention unpacks keys and values: heads x 320 x context x 2 B, and ubatch x
///         0.25 MiB + `amb` (ubatch x 1.5 MiB where it is not set). The host keeps ubatch x (context + hidden) x 4 B
/// Inputs: shape, settings and part
/// Valid:  llama.cpp from 2024 to 2026 and ik_llama.cpp; versions differ by a copy of one activation or one expert's weights
/// Source: ggml-org/llama.cpp src/llama-context.cpp and src/llama-graph.cpp; constants 83, 2.6, 0.25 and 1.5 from the fit rows
///         of calibration/data/llm-memory/vram_usage
/// Error:  see `labtwin validate` of kind vram_usage
[[nodiscard]] Bytes llama_compute_buffer(const ModelShape& shape, const LlamaSettings& settings, GraphPart part);

}  // namespace labtwin::serving
