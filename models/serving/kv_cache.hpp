#pragma once

// How many bytes the keys and values of a context take.

#include <optional>
#include <string_view>

#include "models/base/units.hpp"
#include "models/serving/model_shape.hpp"
#include "models/serving/quantisation.hpp"

namespace labtwin::serving {

/// Bytes per element of keys and of values.
struct KvTypes {
  double key = 2.0;
  double value = 2.0;
};

/// Understands `f16`, `q8_0`, `q8_0/q4_0` (keys / values), `fp8_e4m3`, `auto`. Nothing if it is no type of a cache.
[[nodiscard]] std::optional<KvTypes> find_kv_types(const QuantTable& table, std::string_view text);
/// Whether an engine has a cache of these types: vLLM 16 bits and FP8, llama.cpp the types of its files.
[[nodiscard]] bool has_kv_types(bool is_vllm, std::string_view text);

/// What of a context an engine keeps.
struct KvLayout {
  bool keeps_windows_only = true;    ///< layers with a sliding window keep the window, not the whole context
  bool absorbs_latent = true;        ///< latent attention keeps the latent vector, not keys and values per head
  bool caches_latent_twice = false;  ///< ... and a transposed copy of it for the values
  double ubatch = 512.0;             ///< tokens that a window's cache holds beside the window
  double sequences = 1.0;            ///< that each have a window
};

/// Cells that a layer with a window keeps: min(context, window x sequences + ubatch) rounded up to 256.
[[nodiscard]] double window_cells(const SlidingWindow& window, double context, const KvLayout& layout);

/// Law:    sum over layers of cells x elements per cell x bytes per element; cells are the context, or for layers with a window
///         window_cells(); elements are 2 x KV heads x head size, or kv_rank + rope_dim once for latent attention
/// Inputs: context in tokens, over all sequences
/// Valid:  decoders; layers with linear attention add their state, see state_bytes()
/// Source: llama.cpp src/llama-kv-cache.cpp, llama-kv-cache-iswa.cpp; vLLM's KV cache specs
/// Error:  logs of llama.cpp and its forks: median 0.00 %, see `labtwin validate` of kind vram_usage
[[nodiscard]] Bytes kv_cache_bytes(const ModelShape& shape, double context_tokens, const KvTypes& types,
                                   const KvLayout& layout = {});

/// Bytes that one more token of a long context takes.
[[nodiscard]] BytesPerToken kv_bytes_per_token(const ModelShape& shape, const KvTypes& types, const KvLayout& layout = {});

/// Law:    per layer value_heads x head_dim^2 and a convolution's last three inputs, in FP32
/// Valid:  Gated DeltaNet; per sequence, whatever its length
/// Source: llama.cpp src/models/qwen3next.cpp
[[nodiscard]] Bytes state_bytes(const ModelShape& shape);

}  // namespace labtwin::serving
