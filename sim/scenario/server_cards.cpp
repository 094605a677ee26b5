#include "sim/scenario/server_cards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "models/interconnect/host_offload.hpp"
#include "models/serving/card_memory.hpp"
#include "models/serving/load_time.hpp"
#include "models/serving/tensor_parallel.hpp"
#include "models/serving/usual_memory.hpp"
#include "models/storage/drive_law.hpp"

namespace labtwin {
namespace {

using interconnect::CardGroup;
using interconnect::CardLink;
using interconnect::LinkFamily;
using interconnect::ModelSplit;

constexpr double kMostRanks = 1024.0;

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

std::optional<serving::ModelShape> shape_of(const LlmServerSpec& spec, const catalog::Catalog& catalog) {
  const auto model = find_language_model(catalog, spec.model);
  return model ? std::optional(model->shape) : std::nullopt;
}

/// vLLM's stages and copies; one each of other engines.
int num_stages(const LlmServerSpec& spec) {
  const auto* vllm = std::get_if<serving::VllmServer>(&spec.engine);
  return vllm != nullptr ? static_cast<int>(vllm->pipeline_parallel_size) : 1;
}

int expert_copies(const LlmServerSpec& spec) {
  const auto* vllm = std::get_if<serving::VllmServer>(&spec.engine);
  return vllm != nullptr ? static_cast<int>(vllm->expert_copies) : 1;
}

/// The cards that wait for each other: of a copy, or of all copies where one set of experts lies on the cards of all.
std::vector<std::string> cards_that_wait(const LlmServerSpec& spec, int copy) {
  return expert_copies(spec) > 1 ? spec.gpus : spec.cards_of(copy);
}

void check_model(TableReader& table, const LlmServerSpec& spec, const serving::ModelShape& shape) {
  if (expert_copies(spec) > 1 && !shape.experts) {
    table.fail("enable_expert_parallel", fmt::format("{} has no experts", spec.model));
  }
  const int num_cards = spec.cards_per_copy() / num_stages(spec);
  if (spec.split != ModelSplit::Tensors || serving::can_share_heads(shape, num_cards)) return;
  std::string sizes;
  for (const int size : serving::tensor_parallel_sizes(shape)) sizes += fmt::format("{}{}", sizes.empty() ? "" : ", ", size);
  table.fail(table.has("tensor_parallel_size") ? "tensor_parallel_size" : "gpus",
             fmt::format("tensor parallelism over {} cards cannot share the {} heads and {} KV heads of {}", num_cards,
                         shape.heads, shape.kv_heads, spec.model),
             "it works over " + sizes);
}

void read_vllm_parallelism(TableReader& table, std::uint32_t num_cards, LlmServerSpec& spec) {
  auto& vllm = std::get<serving::VllmServer>(spec.engine);
  spec.split = ModelSplit::Tensors;
  const auto copies = table.value_or<std::uint32_t>("data_parallel_size", 1, between(1.0, kMostRanks));
  const auto stages = table.value_or<std::uint32_t>("pipeline_parallel_size", 1, between(1.0, kMostRanks));
  const auto size = table.value_or<std::uint32_t>("tensor_parallel_size", std::max(1U, num_cards / (copies * stages)),
                                                  between(1.0, kMostRanks));
  spec.crosses_bridges = table.enumeration_or("nccl_p2p_level", false, {{"PXB", false}, {"PHB", true}, {"SYS", true}});
  const bool spreads = table.value_or<bool>("enable_expert_parallel", false);
  if (size * stages * copies != num_cards) {
    const bool is_told = table.has("tensor_parallel_size");
    const std::string_view other = table.has("data_parallel_size") ? "data_parallel_size" : "pipeline_parallel_size";
    const std::string each = stages > 1 ? fmt::format("{} stages of {}", stages, size) : fmt::format("{}", size);
    table.fail(is_told ? "tensor_parallel_size" : other,
               fmt::format("{} copies over {} cards each are not the {} cards of gpus", copies, each, num_cards));
    return;
  }
  spec.num_copies = static_cast<int>(copies);
  vllm.pipeline_parallel_size = stages;
  if (spreads) vllm.expert_copies = copies;
  using serving::Routing;
  spec.routing = table.enumeration_or("routing", spec.routing,
                                      {{"least_loaded", Routing::LeastLoaded},
                                       {"round_robin", Routing::RoundRobin},
                                       {"session_affinity", Routing::SessionAffinity},
                                       {"cache_aware", Routing::CacheAware}});
  if (table.has("routing") && copies == 1) {
    table.fail("routing", "has nothing to choose from: there is one copy of the model", "data_parallel_size = 2");
  }
}

void read_parallelism(TableReader& table, LlmServerSpec& spec) {
  const auto num_cards = static_cast<std::uint32_t>(spec.gpus.size());
  if (!std::holds_alternative<serving::VllmServer>(spec.engine)) {
    spec.split =
        table.enumeration_or("split_mode", ModelSplit::Layers, {{"layer", ModelSplit::Layers}, {"row", ModelSplit::Tensors}});
    return;
  }
  read_vllm_parallelism(table, num_cards, spec);
}

CardLink link_of(const GpuSpec& gpu, const catalog::Catalog& catalog) {
  CardLink link{LinkFamily::Pcie, static_cast<int>(gpu.link.generation), static_cast<int>(gpu.link.lanes)};
  const serving::AcceleratorSpec spec = load_accelerator(catalog, gpu.part).spec;
  if (spec.pcie_generation) link.generation = std::min(link.generation, *spec.pcie_generation);
  if (spec.pcie_lanes) link.lanes = std::min(link.lanes, *spec.pcie_lanes);
  return link;
}

/// At which threads that all wait for pages read a file: each has the kernel's read-ahead under way.
BytesPerSecond fault_rate(const DriveSpec& drive, const catalog::Catalog& catalog, double threads) {
  constexpr double kMostUnderWay = 64.0;
  const DrivePart part = load_drive(catalog, drive.part);
  const storage::IoClass window{storage::Direction::Read, storage::Pattern::Sequential, drive.read_ahead};
  const double under_way = std::min(kMostUnderWay, storage::kReadAheadWindows * threads);
  BytesPerSecond rate = drive.read_ahead * storage::closed_loop(*part.law, window, under_way).iops;
  if (drive.link) rate = std::min(rate, storage::data_rate(*drive.link));
  return std::min(rate, serving::LoaderParameters{}.cold_rate * threads);
}

/// vLLM's cards read what they left in the memory of the host at the rate of the narrowest link.
std::optional<calibration::HostMemory> streamed_memory(const serving::VllmServer& vllm, const LlmServerSpec& spec,
                                                       const NodeSpec& node, const catalog::Catalog& catalog) {
  if (!(vllm.cpu_offload > Bytes{})) return std::nullopt;
  CardLink narrowest = link_of(gpu_named(node, spec.gpus.front()), catalog);
  for (const std::string& gpu : spec.gpus) {
    const CardLink link = link_of(gpu_named(node, gpu), catalog);
    if (interconnect::line_rate(link) < interconnect::line_rate(narrowest)) narrowest = link;
  }
  const serving::AcceleratorSpec card = load_accelerator(catalog, gpu_named(node, spec.gpus.front()).part).spec;
  const Bytes kept = vllm.cpu_offload * static_cast<double>(spec.gpus.size());
  return calibration::HostMemory{
      .bandwidth = node.memory.bandwidth.value_or(serving::usual_memory_bandwidth(card.architecture, kept)),
      .link = interconnect::line_rate(narrowest) * kCopyShare};
}

}  // namespace

const GpuSpec& gpu_named(const NodeSpec& node, const std::string& name) {
  return *std::find_if(node.gpus.begin(), node.gpus.end(), [&](const GpuSpec& gpu) { return gpu.name == name; });
}

AcceleratorPart card_in(const NodeSpec& node, const GpuSpec& gpu, const catalog::Catalog& catalog) {
  AcceleratorPart part = load_accelerator(catalog, gpu.part);
  const bool is_shared = part.spec.kind == serving::AcceleratorKind::Integrated;
  if (is_shared) part.spec.memory = std::min(part.spec.memory, node.memory.size);
  return part;
}

bool reaches_peers(const NodeSpec& node, const std::string& part) {
  return node.p2p ? *node.p2p : !interconnect::is_geforce(part);
}

void read_server_cards(TableReader& table, const ServicePlace& place, LlmServerSpec& spec) {
  read_names(table, place, spec);
  read_parallelism(table, spec);
  if (const auto shape = shape_of(spec, place.catalog)) check_model(table, spec, *shape);
}

std::optional<calibration::HostMemory> host_memory(const LlmServerSpec& spec, const NodeSpec& node,
                                                   const catalog::Catalog& catalog) {
  const serving::LlamaServer* llama = serving::llama_server(spec.engine);
  if (llama == nullptr) return streamed_memory(std::get<serving::VllmServer>(spec.engine), spec, node, catalog);
  if (!llama->offloads() || !node.memory.bandwidth) return std::nullopt;
  const GpuSpec& gpu = gpu_named(node, spec.gpus.front());
  calibration::HostMemory memory{.bandwidth = *node.memory.bandwidth,
                                 .threads = llama->threads > 0 ? llama->threads : static_cast<double>(node.cpu.cores),
                                 .link = interconnect::streaming_rate(link_of(gpu, catalog))};
  if (llama->mmap && spec.load && node.find_drive(spec.load->from) != nullptr) {
    memory.page_cache = spec.page_cache;
    memory.storage = fault_rate(*node.find_drive(spec.load->from), catalog, memory.threads);
  }
  return memory;
}

serving::AcceleratorSpec typical_card(const LlmServerSpec& spec, const NodeSpec& node, const catalog::Catalog& catalog) {
  serving::AcceleratorSpec typical = card_in(node, gpu_named(node, spec.gpus.front()), catalog).spec;
  std::vector<Bytes> memories;
  for (const std::string& name : spec.gpus) memories.push_back(card_in(node, gpu_named(node, name), catalog).spec.memory);
  typical.memory =
      spec.split == ModelSplit::Layers ? serving::memory_of_layers(memories) : serving::memory_of_equal_parts(memories);
  return typical;
}

calibration::ServerSpeed copy_speed(const LlmServerSpec& spec, const NodeSpec& node, const catalog::Catalog& catalog, int copy,
                                    const LuckOfCard& luck) {
  const serving::ModelShape shape = load_language_model(catalog, spec.model).shape;
  const auto quant = serving::Quantisation::parse(load_quant_table(catalog), spec.quant);
  const CardGroup group = card_group(spec, node, catalog, copy);
  // llama.cpp deals layers by the memory that is free.
  const auto weight = [&](const serving::AcceleratorSpec& card) { return serving::usable_memory(card).value(); };
  double together = 0.0;
  using Limits = std::tuple<std::optional<Watts>, std::optional<PerSecond>, std::optional<PerSecond>>;
  std::map<std::pair<std::string, Limits>, double> shares;
  for (const std::string& name : cards_that_wait(spec, copy)) {
    const GpuSpec& gpu = gpu_named(node, name);
    const double own = weight(load_accelerator(catalog, gpu.part).spec);
    shares[{gpu.part, {gpu.power_limit, gpu.clocks.graphics, gpu.clocks.memory}}] += own;
    together += own;
  }
  std::vector<calibration::SharedSpeed> speeds;
  for (const auto& [kind, share] : shares) {
    const auto& [part, limits] = kind;
    const auto& [power_limit, graphics, memory] = limits;
    const AcceleratorPart card = load_accelerator(catalog, part);
    speeds.push_back({calibration::server_speed({.card = card.entry,
                                                 .place = {shape, quant, card.spec, spec.cards_per_copy()},
                                                 .model = spec.model,
                                                 .backend = spec.backend,
                                                 .settings = spec.engine,
                                                 .group = group,
                                                 .host = host_memory(spec, node, catalog),
                                                 .power_limit = power_limit,
                                                 .clocks = {.graphics = graphics, .memory = memory},
                                                 .luck = luck ? luck(part) : calibration::SpeedLuck{}}),
                      share / together});
  }
  return calibration::mixed_speed(std::move(speeds),
                                  spec.split == ModelSplit::Layers ? serving::CardWork::InTurn : serving::CardWork::AtOnce);
}

CardGroup card_group(const LlmServerSpec& spec, const NodeSpec& node, const catalog::Catalog& catalog, int copy) {
  CardGroup group{.num_cards = spec.cards_per_copy(),
                  .split = spec.split,
                  .num_stages = num_stages(spec),
                  .expert_copies = expert_copies(spec)};
  const std::vector<std::string> names = cards_that_wait(spec, copy);
  const int num_talking = group.expert_copies > 1 ? static_cast<int>(names.size()) : group.cards_per_stage();
  bool is_direct = true;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const GpuSpec& gpu = gpu_named(node, names[i]);
    const CardLink link = link_of(gpu, catalog);
    if (i == 0 || interconnect::line_rate(link) < interconnect::line_rate(group.link)) group.link = link;
    const serving::AcceleratorSpec card = load_accelerator(catalog, gpu.part).spec;
    is_direct = is_direct && reaches_peers(node, gpu.part) &&
                (spec.crosses_bridges || interconnect::library_lets_reach(card.vendor, num_talking, false));
    // Through the host one card that forwards holds up all.
    const auto staging = interconnect::staging_of(card.architecture);
    if (staging == interconnect::Staging::Forwarded) group.staging = staging;
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
