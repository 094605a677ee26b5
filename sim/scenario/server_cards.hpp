#pragma once

// The cards that an inference server runs on, and the links between them.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "models/base/table_reader.hpp"
#include "models/calibration/server_speed.hpp"
#include "models/catalog/catalog.hpp"
#include "models/interconnect/card_group.hpp"
#include "models/registry.hpp"
#include "sim/scenario/lab.hpp"
#include "sim/scenario/service_place.hpp"
#include "sim/scenario/service_spec.hpp"

namespace labtwin {

/// The key `gpu`, or `gpus` and how they share the model; mistakes of the model are told elsewhere.
///   gpu = "gpu0"
///   gpus = ["gpu0", "gpu1"]; tensor_parallel_size = 2, pipeline_parallel_size = 1, data_parallel_size = 1   # vLLM
///   enable_expert_parallel = true                                                  # its copies share one set of experts
///   nccl_p2p_level = "SYS"                      # more than two cards reach each other across the bridges of the host, too
///   gpus = ["gpu0", "gpu1"]; split_mode = "layer"                                  # llama.cpp: or `row`
void read_server_cards(TableReader& table, const ServicePlace& place, LlmServerSpec& spec);

/// A card like which the cards of a server hold the model: all have the memory of the smallest where each has an equal part of
/// it, and their mean where layers are dealt by what is free. Names must be right.
[[nodiscard]] serving::AcceleratorSpec typical_card(const LlmServerSpec& spec, const NodeSpec& node,
                                                    const catalog::Catalog& catalog);

/// Of the cards of a part, which share of them is faster; see calibration::SpeedLuck.
using LuckOfCard = std::function<calibration::SpeedLuck(const std::string& part)>;
/// How fast one copy of the model is on its cards, which may be of several kinds. Names must be right.
[[nodiscard]] calibration::ServerSpeed copy_speed(const LlmServerSpec& spec, const NodeSpec& node,
                                                  const catalog::Catalog& catalog, int copy = 0, const LuckOfCard& luck = {});

/// The cards of one copy of the model and their narrowest way to each other.
[[nodiscard]] interconnect::CardGroup card_group(const LlmServerSpec& spec, const NodeSpec& node,
                                                 const catalog::Catalog& catalog, int copy = 0);

/// Of a link's line rate, what copies reach: 1 / 1.18, see kind pcie_links.
inline constexpr double kCopyShare = 0.85;

/// The memory of the host, where the server leaves weights there; of vLLM the usual one where the lab tells no bandwidth.
[[nodiscard]] std::optional<calibration::HostMemory> host_memory(const LlmServerSpec& spec, const NodeSpec& node,
                                                                 const catalog::Catalog& catalog);

/// Whether cards of this part reach each other's memory over PCIe unless the lab says otherwise: those of GeForce do not.
[[nodiscard]] bool reaches_peers(const NodeSpec& node, const std::string& part);

/// The card of a node. Its name must be right.
[[nodiscard]] const GpuSpec& gpu_named(const NodeSpec& node, const std::string& name);

/// The part of a card with the memory that it has in this node: of a chip that shares the host's, no more than the host has.
[[nodiscard]] AcceleratorPart card_in(const NodeSpec& node, const GpuSpec& gpu, const catalog::Catalog& catalog);

}  // namespace labtwin
