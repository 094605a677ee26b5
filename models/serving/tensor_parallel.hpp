#pragma once

// Over how many cards an engine can split every matrix of a model.

#include <vector>

#include "models/serving/model_shape.hpp"

namespace labtwin::serving {

/// Law:    n cards can share a model if n divides its heads, and its KV heads or is a multiple of these: then each KV head is
///         kept by several cards
/// Inputs: heads of the model; n >= 1
/// Valid:  vLLM and its kin
/// Source: vllm-project/vllm vllm/config/model.py verify_with_parallel_config, QKVParallelLinear
/// Error:  exact
[[nodiscard]] bool can_share_heads(const ModelShape& shape, int num_cards) noexcept;
/// Those up to 16.
[[nodiscard]] std::vector<int> tensor_parallel_sizes(const ModelShape& shape);

}  // namespace labtwin::serving
