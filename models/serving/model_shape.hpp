#pragma once

// The shape of a language model or an embedder: what its config.json says, without weights and without quantisation.

#include <cstdint>
#include <optional>
#include <string>

#include "models/base/table_reader.hpp"

namespace labtwin::serving {

/// Mixture of experts: a router picks `used` of `count` per token and layer.
struct ExpertShape {
  int count = 0;
  int used = 0;
  int intermediate_size = 0;   ///< of one expert
  int shared = 0;              ///< experts that every token goes through
  int first_dense_layers = 0;  ///< layers before the first one with experts
  bool in_mxfp4 = false;       ///< published in MXFP4, which every quantisation keeps
};

/// Multi-head latent attention (DeepSeek): keys and values are kept as one vector of `kv_rank + rope_dim` per token.
struct LatentAttention {
  int kv_rank = 0;
  int rope_dim = 0;
  int key_dim = 0;  ///< of a head, without the rotary part
  int value_dim = 0;
  std::optional<int> query_rank{};
};

/// Layers that attend to the last `window` tokens only.
struct SlidingWindow {
  int window = 0;
  std::optional<int> global_every{};     ///< one of so many layers sees the whole context; absent: none does
  std::optional<int> global_kv_heads{};  ///< of the layers that see it all, where they differ
  std::optional<int> global_head_dim{};
};

/// Layers with a state of fixed size in place of keys and values (Gated DeltaNet).
struct LinearAttention {
  int layers = 0;
  int key_heads = 0;
  int value_heads = 0;
  int head_dim = 0;
};

struct ModelShape {
  double num_parameters = 0.0;
  double active_parameters = 0.0;  ///< that one token goes through
  int layers = 0;
  int hidden_size = 0;
  std::optional<int> intermediate_size{};  ///< of the dense feed-forward blocks
  int heads = 0;
  int kv_heads = 0;
  int head_dim = 0;
  int vocabulary = 0;
  bool tied_embeddings = false;           ///< the output head is the token embedding
  int max_context = 0;                    ///< tokens
  std::optional<int> attention_layers{};  ///< that keep keys and values; absent: all
  std::optional<int> embedding_size{};    ///< of embedders
  std::optional<ExpertShape> experts{};
  std::optional<LatentAttention> latent_attention{};
  std::optional<SlidingWindow> sliding_window{};
  std::optional<LinearAttention> linear_attention{};

  [[nodiscard]] int kv_layers() const noexcept { return attention_layers.value_or(layers); }
  /// Layers that keep keys and values of a window only, and those that keep all.
  [[nodiscard]] int windowed_layers() const noexcept;
  [[nodiscard]] int global_layers() const noexcept { return kv_layers() - windowed_layers(); }
};

/// Parameters of an `llms` entry of the law `decoder` or an `embedders` entry of the law `encoder`.
[[nodiscard]] ModelShape read_model_shape(TableReader& parameters);

/// Law:    a decoder of P billion parameters has 24 P^0.24 layers of hidden size 1440 P^0.43, one with experts 19 P^0.20 layers
///         of 906 P^0.30; 8 KV heads of 128; feed-forward blocks make up the parameters
/// Inputs: total and active parameters
/// Valid:  0.3 to 1,000 billion; for models that no catalog knows
/// Source: lines through the logarithms of the decoders of models/catalog/llms
/// Error:  layers and hidden size within 20 % (one standard deviation) of those models; KV heads x size within 1.7 times for
///         dense ones and 3 times for those with experts. Graded `assumed`
[[nodiscard]] ModelShape typical_shape(double num_parameters, double active_parameters);

}  // namespace labtwin::serving
