#pragma once

// Where the weights of a model lie of which a card may hold only a part.

#include "models/serving/model_weights.hpp"

namespace labtwin::serving {

/// Bytes by where they lie. The token embedding is looked up, not read.
struct WeightPlacement {
  Bytes dense_on_card{};  ///< with the output head
  Bytes experts_on_card{};
  Bytes dense_in_host{};
  Bytes experts_in_host{};
  double picked = 1.0;  ///< share of the routed experts that one token goes through

  [[nodiscard]] bool has_experts() const { return experts_on_card.value() + experts_in_host.value() > 0.0; }
  [[nodiscard]] Bytes in_all() const { return dense_on_card + experts_on_card + in_host(); }

  [[nodiscard]] Bytes in_host() const { return dense_in_host + experts_in_host; }
  /// That n tokens at once read: experts that none of them picks stay unread.
  [[nodiscard]] double touched(double tokens) const;
  [[nodiscard]] Bytes read_on_card(double tokens) const { return dense_on_card + experts_on_card * touched(tokens); }
  [[nodiscard]] Bytes read_in_host(double tokens) const { return dense_in_host + experts_in_host * touched(tokens); }
};

/// Law:    of n layers on the card it gets the last ones, with the output head if n exceeds the layers (`n_gpu_layers`); the
///         routed experts of the first layers stay in the host's memory (`n_cpu_moe`)
/// Inputs: weights by layer
/// Valid:  llama.cpp
/// Source: ggml-org/llama.cpp src/llama-model.cpp load_tensors, common/arg.cpp (--n-cpu-moe)
/// Error:  exact
[[nodiscard]] WeightPlacement place_weights(const ModelShape& shape, const ModelWeights& weights, int layers_on_card,
                                            int expert_layers_in_host);

}  // namespace labtwin::serving
