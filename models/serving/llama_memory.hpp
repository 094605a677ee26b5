#pragma once

// What llama.cpp and its kin (Ollama, ik_llama.cpp, koboldcpp) put into the memory of one card.

#include <optional>

#include "models/base/units.hpp"
#include "models/serving/kv_cache.hpp"
#include "models/serving/model_shape.hpp"

namespace labtwin::serving {

/// Builds differ in what they keep alive and in what they compute where.
enum class LlamaBuild : unsigned char {
  Mainline,  ///< ggml-org/llama.cpp and what ships it
  Fork       ///< ik_llama.cpp
};

struct LlamaSettings {
  double context = 4096.0;  ///< tokens, over all slots
  double slots = 1.0;
  KvTypes kv{};
  bool flash_attention = true;
  double ubatch = 512.0;                        ///< tokens that one graph works on
  std::optional<double> attention_max_batch{};  ///< ik_llama.cpp `-amb`, in MiB: a cap on the attention scores of a layer
  LlamaBuild build = LlamaBuild::Mainline;
  bool unpacks_latent = false;   ///< latent attention unpacks keys and values (the fork, `-mla` above 0)
  bool experts_on_host = false;  ///< some experts' weights stay in the host's memory
  double input_copies = 1.0;     ///< 4 where several cards work as a pipeline
  Bytes expert_tensor{};         ///< of one projection of all experts of a layer; staged on the card that computes them
};

/// What of a graph a device works on.
enum class GraphPart : unsigned char {
  WithHead,     ///< a device that has the output head: one card, or the last of several
  WithoutHead,  ///< another card of a layer split
  HostInput,    ///< pinned memory of the host: token embeddings, the mask and what experts on the host hand over
  HostModel     ///< the processor, where it computes the whole model
};

/// How many cards' worth of inputs a pipeline of cards holds (GGML_SCHED_MAX_COPIES).
constexpr double kPipelineCopies = 4.0;

/// Law:    with the head ubatch x (vocabulary + 2 hidden) x 4 B of logits and residuals (1 hidden on processors with flash
///         attention and in mainline builds); another card of a split ubatch x (83 B x hidden + 2.6 B x context), in a pipeline
///         of cards four masks of 4 B in place of the 2.6. Mainline builds stage one projection of a layer's experts beside
///         that where the host has them. Without flash attention the scores, heads x context x ubatch x 4 B, with the mask, the
///         queries and three residuals, if they are larger. Latent attention with flash attention holds queries in the latent
///         space, ubatch x 0.77 MiB; where it unpacks keys and values, heads x 320 x context x 2 B, and ubatch x 0.25 MiB +
///         `amb` (ubatch x 1.5 MiB where it is not set), on a processor ubatch x 0.59 MiB + heads x (rank + rope) x context.
///         The host keeps ubatch x (context + hidden) x 4 B, and the outputs of the experts it computes: mask and used x
///         hidden, or used x (hidden + expert columns) + hidden. Masks are ubatch x context x 4 B, and a second one where some
///         layers have a window: of the window's cells, in the fork of the whole context
/// Inputs: shape, settings and part
/// Valid:  llama.cpp from 2024 to 2026 and ik_llama.cpp
/// Source: ggml-org/llama.cpp src/llama-context.cpp, src/llama-graph.cpp and ggml/src/ggml-backend.cpp; constants 83, 2.6,
///         0.25, 0.59, 0.77 and 1.5 from the fit rows of calibration/data/llm-memory/vram_usage
/// Error:  see `labtwin validate` of kind vram_usage
[[nodiscard]] Bytes llama_compute_buffer(const ModelShape& shape, const LlamaSettings& settings, GraphPart part);

}  // namespace labtwin::serving
