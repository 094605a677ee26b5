#pragma once

// What of a card's memory an engine can have, and what it takes of it before any model is there.

#include <span>

#include "models/base/units.hpp"
#include "models/serving/accelerator_spec.hpp"

namespace labtwin::serving {

/// Law:    a discrete card shows 0.98 of its nominal memory; an integrated one lends at most 0.75 of the host's
/// Source: 23.5 to 23.6 of 24 GiB, 31.4 of 32, 79.1 of 80 shown by drivers; macOS wires 0.67 to 0.75 of the memory, Strix Halo
///         0.75 to 0.86 by setting
/// Error:  1 % of the memory for discrete cards, 10 % for integrated ones
[[nodiscard]] Bytes usable_memory(const AcceleratorSpec& card);

/// Law:    the context of a process: 3.2 MiB per compute unit and 20 MiB
/// Valid:  NVIDIA and, for want of another, AMD and Intel; nothing on integrated ones, where it is part of what is not lent
/// Source: memory in use after a process has opened the card, 8 NVIDIA cards of three generations
/// Error:  median 7 %
[[nodiscard]] Bytes context_reserve(const AcceleratorSpec& card);

/// What each of several cards of one machine can be thought to have, at least one: where each holds an equal part of a model
/// (tensor parallelism, vLLM's pipelines) that of the smallest, where layers are dealt by what is free (llama.cpp) the mean.
[[nodiscard]] Bytes memory_of_equal_parts(std::span<const Bytes> cards);
[[nodiscard]] Bytes memory_of_layers(std::span<const Bytes> cards);

}  // namespace labtwin::serving
