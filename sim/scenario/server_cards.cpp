#include "sim/scenario/server_cards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "models/serving/tensor_parallel.hpp"

namespace labtwin {
namespace {

using interconnect::CardGroup;
using interconnect::CardLink;
using interconnect::LinkFamily;
using interconnect::ModelSplit;

std::vector<std::string> gpu_names(const NodeSpec& node) {
  std::vector<std::string> names;
  for (const GpuSpec& gpu : node.gpus) names.push_back(gpu.name);
  return names;
}

void read_names(TableReader& table, const ServicePlace& place, LlmServerSpec& spec) {
  if (!table.has("gpus")) {
    spec.gpus = {table.required<std::string>("gpu")};
    if (place.node != nullptr) check_reference(table, "gpu", spec.gpus.front(), gpu_names(*place.node));
    return;
  }
  if (table.has("gpu")) table.fail("gpu", "one of gpu and gpus says where the model is");
  spec.gpus = table.list<std::string>("gpus");
  if (spec.gpus.empty()) {
    table.fail("gpus", "must name at least one card", "gpus = [\"gpu0\", \"gpu1\"]");
    spec.gpus = {""};
  }
  if (place.node == nullptr) return;
  for (const std::string& gpu : spec.gpus) check_reference(table, "gpus", gpu, gpu_names(*place.node));
  if (std::set<std::string>(spec.gpus.begin(), spec.gpus.end()).size() < spec.gpus.size()) {
    table.fail("gpus", "names a card twice");
  }
}

void check_heads(TableReader& table, const LlmServerSpec& spec, const catalog::Catalog& catalog) {
  const std::vector<std::string>& models = catalog.parts("llms");
  if (spec.split != ModelSplit::Tensors || spec.cards_per_copy() == 1) return;
  if (std::find(models.begin(), models.end(), spec.model) == models.end()) return;
  const serving::ModelShape shape = load_language_model(catalog, spec.model).shape;
  if (serving::can_share_heads(shape, spec.cards_per_copy())) return;
  std::string sizes;
  for (const int size : serving::tensor_parallel_sizes(shape)) sizes += fmt::format("{}{}", sizes.empty() ? "" : ", ", size);
  table.fail(table.has("tensor_parallel_size") ? "tensor_parallel_size" : "gpus",
             fmt::format("tensor parallelism over {} cards cannot share the {} heads and {} KV heads of {}",
                         spec.cards_per_copy(), shape.heads, shape.kv_heads, spec.model),
             "it works over " + sizes);
}

void read_parallelism(TableReader& table, LlmServerSpec& spec) {
  const auto num_cards = static_cast<std::uint32_t>(spec.gpus.size());
  if (!std::holds_alternative<serving::VllmServer>(spec.engine)) {
    spec.split =
        table.enumeration_or("split_mode", ModelSplit::Layers, {{"layer", ModelSplit::Layers}, {"row", ModelSplit::Tensors}});
    return;
  }
  spec.split = ModelSplit::Tensors;
  spec.num_copies = static_cast<int>(table.value_or<std::uint32_t>("data_parallel_size", 1, at_least(1.0)));
  const auto size = table.value_or<std::uint32_t>(
      "tensor_parallel_size", std::max(1U, num_cards / static_cast<std::uint32_t>(spec.num_copies)), at_least(1.0));
  if (size * static_cast<std::uint32_t>(spec.num_copies) == num_cards) return;
  table.fail(table.has("tensor_parallel_size") ? "tensor_parallel_size" : "data_parallel_size",
             fmt::format("{} copies over {} cards each are not the {} cards of gpus", spec.num_copies, size, num_cards));
  spec.num_copies = 1;
}

CardLink link_of(const GpuSpec& gpu, const catalog::Catalog& catalog) {
  CardLink link{LinkFamily::Pcie, static_cast<int>(gpu.link.generation), static_cast<int>(gpu.link.lanes)};
  const serving::AcceleratorSpec spec = load_accelerator(catalog, gpu.part).spec;
  if (spec.pcie_generation) link.generation = std::min(link.generation, *spec.pcie_generation);
  if (spec.pcie_lanes) link.lanes = std::min(link.lanes, *spec.pcie_lanes);
  return link;
}

}  // namespace

const GpuSpec& gpu_named(const NodeSpec& node, const std::string& name) {
  return *std::find_if(node.gpus.begin(), node.gpus.end(), [&](const GpuSpec& gpu) { return gpu.name == name; });
}

bool reaches_peers(const NodeSpec& node, const std::string& part) {
  return node.p2p ? *node.p2p : !interconnect::is_geforce(part);
}

void read_server_cards(TableReader& table, const ServicePlace& place, LlmServerSpec& spec) {
  read_names(table, place, spec);
  read_parallelism(table, spec);
  check_heads(table, spec, place.catalog);
}

std::optional<calibration::HostMemory> host_memory(const LlmServerSpec& spec, const NodeSpec& node) {
  const serving::LlamaServer* llama = serving::llama_server(spec.engine);
  if (llama == nullptr || !llama->offloads() || !node.memory.bandwidth) return std::nullopt;
  const GpuSpec& gpu = gpu_named(node, spec.gpus.front());
  return calibration::HostMemory{.bandwidth = *node.memory.bandwidth,
                                 .threads = llama->threads > 0 ? llama->threads : static_cast<double>(node.cpu.cores),
                                 .link = storage::data_rate(gpu.link)};
}

AcceleratorPart slowest_card(const LlmServerSpec& spec, const NodeSpec& node, const catalog::Catalog& catalog) {
  AcceleratorPart slowest = load_accelerator(catalog, gpu_named(node, spec.gpus.front()).part);
  Bytes memory = slowest.spec.memory;
  for (const std::string& name : spec.gpus) {
    AcceleratorPart part = load_accelerator(catalog, gpu_named(node, name).part);
    memory = std::min(memory, part.spec.memory);
    if (part.spec.memory_bandwidth < slowest.spec.memory_bandwidth) slowest = std::move(part);
  }
  slowest.spec.memory = memory;
  return slowest;
}

CardGroup card_group(const LlmServerSpec& spec, const NodeSpec& node, const catalog::Catalog& catalog, int copy) {
  CardGroup group{.num_cards = spec.cards_per_copy(), .split = spec.split};
  const std::vector<std::string> names = spec.cards_of(copy);
  bool is_direct = true;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const GpuSpec& gpu = gpu_named(node, names[i]);
    const CardLink link = link_of(gpu, catalog);
    if (i == 0 || interconnect::line_rate(link) < interconnect::line_rate(group.link)) group.link = link;
    is_direct = is_direct && reaches_peers(node, gpu.part);
  }
  group.path = is_direct ? "pcie direct" : "pcie staged";
  for (const BridgeSpec& bridge : node.bridges) {
    const std::set<std::string> ends{bridge.first, bridge.second};
    if (ends != std::set<std::string>(names.begin(), names.end())) continue;
    group.link = bridge.link;
    group.path = "nvlink";
  }
  return group;
}

}  // namespace labtwin
