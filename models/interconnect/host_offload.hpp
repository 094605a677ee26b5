#pragma once

// A model of which the cards hold only a part: what the rest costs per token and per prompt.

#include "models/base/units.hpp"
#include "models/interconnect/link_rate.hpp"

namespace labtwin::interconnect {

/// Law:    0.7 of the line, one way
/// Inputs: a card's link as negotiated
/// Valid:  weights that an engine copies from pageable or mapped memory to a card, microbatch by microbatch
/// Source: fit rows of kind offload; pinned buffers reach 0.85
/// Error:  engines and hosts differ by half, see the factors of streaming of kind offload
[[nodiscard]] BytesPerSecond streaming_rate(const CardLink& link);

/// Where the weights lie, and what reads them.
struct OffloadedModel {
  double layers = 1.0;
  double hidden_size = 1.0;
  double active_parameters = 1.0;
  Bytes active_on_card;  ///< that one token reads
  Bytes active_in_host;
  Bytes in_host;              ///< all weights in the host's memory
  double expert_share = 1.0;  ///< of the experts, that one token picks; 1: none
  Bytes cache;                ///< keys and values of the context
  double threads = 16.0;
  BytesPerSecond card_bandwidth;
  BytesPerSecond host_bandwidth;
  BytesPerSecond link_bandwidth;
  FlopsPerSecond card_peak;
};

/// Law:    launch = layers x 60 us, card = active / bandwidth, host = active / DRAM bandwidth, context = cache / bandwidth
/// Inputs: a model and its split
/// Valid:  one sequence
/// Source: every byte of the active weights is read once per token, from where it lies
/// Error:  factors of the terms see kind offload
struct OffloadedToken {
  double launch = 0.0;
  double card = 0.0;
  double host = 0.0;
  double context = 0.0;
};
[[nodiscard]] OffloadedToken token_seconds(const OffloadedModel& model);

/// Law:    a prompt of n tokens in k microbatches: launch = k x layers x 60 us; arithmetic and attention on the card;
///         streaming = k x touched weights of the host / link, or cores = 2 x parameters in the host x n / (threads x 20
///         Gflop/s)
/// Inputs: a model and its split; microbatches of `ubatch` tokens
/// Valid:  one prompt
/// Source: engines copy weights to the card where a microbatch is large, else their cores multiply
/// Error:  factors of the terms see kind offload
struct OffloadedPrompt {
  double launch = 0.0;
  double arithmetic = 0.0;
  double attention = 0.0;
  double streaming = 0.0;
  double cores = 0.0;
  double host = 0.0;  ///< of cores that read the weights once
};
[[nodiscard]] OffloadedPrompt prompt_seconds(const OffloadedModel& model, double tokens, double depth, double ubatch);

}  // namespace labtwin::interconnect
