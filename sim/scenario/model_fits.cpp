#include "sim/scenario/model_fits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "models/base/text.hpp"
#include "models/registry.hpp"
#include "models/serving/card_memory.hpp"
#include "models/serving/encoder_step_time.hpp"
#include "models/serving/server_engine.hpp"
#include "sim/scenario/server_cards.hpp"

namespace labtwin {
namespace {

constexpr double kGiB = 1073741824.0;

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The parts that a server is made of.
struct Parts {
  serving::ModelShape shape;
  serving::Quantisation quant;
  serving::AcceleratorSpec card;
  int num_cards = 1;

  [[nodiscard]] serving::ServerPlace place() const { return {shape, quant, card, num_cards}; }
  [[nodiscard]] Bytes usable() const { return serving::usable_memory(card) * num_cards; }
};

std::string names_of(const LlmServerSpec& spec) {
  return join_names(spec.cards_of(0));
}

/// Nothing where card, model or quantisation are wrong.
std::optional<Parts> parts_of(const LlmServerSpec& spec, const NodeSpec& node, const serving::QuantTable& quants,
                              const catalog::Catalog& catalog) {
  for (const std::string& name : spec.gpus) {
    const auto gpu = std::find_if(node.gpus.begin(), node.gpus.end(), [&](const GpuSpec& g) { return g.name == name; });
    if (gpu == node.gpus.end() || !has(catalog.parts("gpus"), gpu->part)) return std::nullopt;
  }
  const auto model = find_language_model(catalog, spec.model);
  const auto quant = serving::Quantisation::find(quants, spec.quant);
  if (!model || !quant) return std::nullopt;
  return Parts{model->shape, *quant, typical_card(spec, node, catalog), spec.cards_per_copy()};
}

/// What fills the memory, for people.
std::string breakdown(const serving::VramPlan& plan) {
  return fmt::format("weights {:.1f}, KV cache {:.1f}, compute buffers {:.1f}, reserve {:.1f} GiB", plan.weights.value() / kGiB,
                     plan.kv_cache.value() / kGiB, plan.compute_buffer.value() / kGiB, plan.reserve.value() / kGiB);
}

std::string_view card_key(TableReader& table) {
  return table.has("gpus") ? "gpus" : "gpu";
}

/// What a service holds of the cards that it runs on.
struct Claim {
  std::vector<std::string> cards;
  Bytes claimed;
  Bytes usable;        ///< of the cards together
  bool stays = false;  ///< models of Ollama come and go
};

/// Nothing of services without a card, and where card, model or quantisation are wrong.
std::optional<Claim> claim_of(const ServiceSpec& service, const NodeSpec& node, const catalog::Catalog& catalog) {
  if (const auto* server = std::get_if<LlmServerSpec>(&service.kind)) {
    const auto parts = parts_of(*server, node, load_quant_table(catalog), catalog);
    if (!parts) return std::nullopt;
    return Claim{.cards = server->gpus,
                 .claimed = serving::claimed_memory(parts->place(), server->engine),
                 .usable = parts->usable(),
                 .stays = !std::holds_alternative<serving::OllamaServer>(server->engine)};
  }
  const auto* embedder = std::get_if<EmbedderSpec>(&service.kind);
  if (embedder == nullptr || !has(catalog.parts("embedders"), embedder->model)) return std::nullopt;
  const auto gpu = std::find_if(node.gpus.begin(), node.gpus.end(), [&](const GpuSpec& g) { return g.name == embedder->gpu; });
  if (gpu == node.gpus.end() || !has(catalog.parts("gpus"), gpu->part)) return std::nullopt;
  const serving::AcceleratorSpec card = card_in(node, *gpu, catalog).spec;
  return Claim{
      .cards = {embedder->gpu},
      .claimed = serving::encoder_memory(load_embedder(catalog, embedder->model).shape, card, embedder->max_batch_tokens),
      .usable = serving::usable_memory(card),
      .stays = true};
}

/// Servers share all of their cards or none.
void check_groups(TableReader& table, const std::vector<ServiceSpec>& services, const ServiceSpec& self, const Claim& claim,
                  const NodeSpec& node, const catalog::Catalog& catalog) {
  for (const ServiceSpec& other : services) {
    if (other.node != self.node) continue;
    const auto theirs = claim_of(other, node, catalog);
    if (!theirs || theirs->cards == claim.cards) continue;
    const auto shared = std::find_first_of(claim.cards.begin(), claim.cards.end(), theirs->cards.begin(), theirs->cards.end());
    if (shared == claim.cards.end()) continue;
    table.fail(card_key(table),
               fmt::format("{} runs on {} too, with other cards beside it: servers share all of their cards or none",
                           other.name, *shared));
    return;
  }
}

}  // namespace

void check_model_loads(TableReader& service, const LlmServerSpec& spec, const NodeSpec& node, const catalog::Catalog& catalog) {
  const serving::QuantTable quants = load_quant_table(catalog);
  const auto parts = parts_of(spec, node, quants, catalog);
  if (!parts) return;
  const serving::VramRequest request = serving::vram_request(parts->place(), spec.engine);
  // More context than the model was made for has a message of its own.
  if (serving::longest_request(spec.engine) > static_cast<std::uint32_t>(parts->shape.max_context)) return;
  const serving::VramPlan plan = plan_vram(request);
  if (plan.loads()) return;
  const auto changes = changes_that_load(request, quants);
  service.fail(
      "model",
      fmt::format("does not load on {}: with {:.0f} tokens of context it takes {:.1f} GiB ({}) of {:.1f} GiB", names_of(spec),
                  request.context, plan.total().value() / kGiB, breakdown(plan), plan.usable.value() / kGiB),
      changes.empty() ? "see labtwin fit-model" : fmt::format("it would with {}", changes.front().what));
}

void check_host_memory(TableReader& service, const LlmServerSpec& spec, const NodeSpec& node, const catalog::Catalog& catalog) {
  if (const auto* vllm = std::get_if<serving::VllmServer>(&spec.engine)) {
    const Bytes in_host = vllm->cpu_offload * static_cast<double>(spec.gpus.size());
    if (in_host <= node.memory.size) return;
    service.fail("cpu_offload_gb",
                 fmt::format("of {} cards takes {:.1f} GiB of the memory of {}, which has {}", spec.gpus.size(),
                             in_host.value() / kGiB, node.name, format_quantity(node.memory.size)));
    return;
  }
  const serving::LlamaServer* llama = serving::llama_server(spec.engine);
  const auto parts = parts_of(spec, node, load_quant_table(catalog), catalog);
  if (llama == nullptr || !llama->offloads() || !parts) return;
  const std::string_view key = llama->n_cpu_moe > 0 ? "n_cpu_moe" : "n_gpu_layers";
  if (llama->n_cpu_moe > 0 && !parts->shape.experts) {
    service.fail(key, fmt::format("{} has no experts", spec.model));
    return;
  }
  if (spec.gpus.size() > 1) service.fail(key, "of several cards is not simulated: one card and the memory of the host");
  if (!node.memory.bandwidth) {
    service.fail(key, fmt::format("needs the bandwidth of the memory of {}, at which cores read the weights", node.name),
                 "memory = { size = \"64 GiB\", bandwidth = \"80 GB/s\" }");
  }
  const serving::WeightPlacement placement = serving::weight_placement(parts->place(), *llama);
  const bool is_mapped = llama->mmap && spec.load && node.find_drive(spec.load->from) != nullptr;
  if (placement.in_host() <= node.memory.size || is_mapped) return;
  service.fail(key,
               fmt::format("leaves {:.1f} GiB of weights to the memory of {}, which has {}", placement.in_host().value() / kGiB,
                           node.name, format_quantity(node.memory.size)),
               llama->mmap ? fmt::format("load = {{ from = \"{}\" }} names the drive that the rest is read from in every step",
                                         node.drives.empty() ? "nvme0" : node.drives.front().name)
                           : "");
}

Bytes memory_beside(const std::vector<ServiceSpec>& services, const ServiceSpec& self, const NodeSpec& node,
                    const catalog::Catalog& catalog) {
  const auto claim = claim_of(self, node, catalog);
  if (!claim) return {};
  Bytes left = claim->usable;
  for (const ServiceSpec& other : services) {
    if (other.name == self.name || other.node != self.node) continue;
    const auto theirs = claim_of(other, node, catalog);
    if (theirs && theirs->stays && theirs->cards == claim->cards) left -= theirs->claimed;
  }
  return left;
}

void check_shared_card(TableReader& table, const std::vector<ServiceSpec>& services, const ServiceSpec& service, const Lab& lab,
                       const catalog::Catalog& catalog) {
  const NodeSpec* node = lab.find_node(service.node);
  const auto claim = node == nullptr ? std::nullopt : claim_of(service, *node, catalog);
  if (!claim) return;
  check_groups(table, services, service, *claim, *node, catalog);
  const Bytes left = memory_beside(services, service, *node, catalog);
  // Of language models what does not fit alone has been reported.
  const auto* server = std::get_if<LlmServerSpec>(&service.kind);
  if (claim->claimed <= left || (server != nullptr && claim->claimed > claim->usable)) return;
  const std::string cards = server != nullptr ? names_of(*server) : join_names(claim->cards);
  if (claim->claimed > claim->usable) {
    table.fail("model", fmt::format("does not load on {}: it takes {:.1f} GiB of {:.1f} GiB", cards,
                                    claim->claimed.value() / kGiB, claim->usable.value() / kGiB));
    return;
  }
  const bool is_vllm = server != nullptr && std::holds_alternative<serving::VllmServer>(server->engine);
  table.fail(
      card_key(table),
      fmt::format("the servers on {} take more than it has: this one {:.1f} GiB, of which {:.1f} GiB are left beside the "
                  "others",
                  cards, claim->claimed.value() / kGiB, std::max(0.0, left.value()) / kGiB),
      is_vllm ? "vLLM takes gpu_memory_utilization of the whole card" : "");
}

}  // namespace labtwin
