#include "models/calibration/served_engine.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "models/calibration/card_operators.hpp"
#include "models/calibration/serving_setup.hpp"
#include "models/calibration/tensor_exchange.hpp"
#include "models/interconnect/card_group.hpp"
#include "models/serving/card_memory.hpp"
#include "models/serving/vllm_memory.hpp"
#include "models/serving/vllm_scheduler.hpp"

namespace labtwin::calibration {
namespace {

namespace fs = std::filesystem;

// Half-widths of the 90 % interval of the logarithm, assumed: the two runs with tables at hand are within 5 %; tables of
// another model on the card say less; coefficients of the two cards differ by up to 40 % from their mean.
constexpr double kWithTables = 0.10;
constexpr double kWithTablesOfAnother = 0.20;
constexpr double kWithoutTables = 0.40;

double kv_blocks(const ServedModel& served, serving::AcceleratorSpec card) {
  const ServingMeta& meta = served.meta;
  if (meta.card_memory) card.memory = *meta.card_memory / (serving::usable_memory(card) / card.memory);
  serving::VllmSettings settings;
  settings.memory_utilization = meta.memory_utilization;
  settings.max_batched_tokens = meta.max_batched_tokens;
  settings.max_sequences = meta.max_sequences;
  settings.tensor_parallel = meta.tensor_parallel;
  settings.block_tokens = meta.block_tokens;
  settings.max_context = meta.max_context.value_or(0.0);
  return serving::vllm_memory(served.shape, served.weights, card, settings).kv_blocks;
}

/// What the cards of the run exchange: all-reduces of the tensors that they share or, where each holds some of the experts, of
/// the tokens of all engines once a layer. Their link is told nowhere: the card's own, over which cards that can reach each
/// other directly.
std::optional<serving::ExchangeCoefficients> exchange_of(const ServedModel& served, const LlmParts::Card& card) {
  const ServingMeta& meta = served.meta;
  const bool splits_experts = meta.splits_experts && served.shape.experts && meta.data_parallel > 1.0;
  if (meta.tensor_parallel <= 1.0 && !splits_experts) return std::nullopt;
  interconnect::CardGroup group;
  group.num_cards = static_cast<int>(splits_experts ? meta.data_parallel : meta.tensor_parallel);
  group.link.generation = card.spec.pcie_generation.value_or(group.link.generation);
  group.link.lanes = card.spec.pcie_lanes.value_or(group.link.lanes);
  const bool is_direct =
      !interconnect::is_geforce(card.part) && interconnect::library_lets_reach(card.spec.vendor, group.num_cards, false);
  group.path = is_direct ? "pcie direct" : "pcie staged";
  group.staging = interconnect::staging_of(card.spec.architecture);
  if (splits_experts) group.expert_copies = group.num_cards;
  return splits_experts ? expert_exchange(group, served.shape) : tensor_exchange(group, served.shape);
}

void set_steps(const fs::path& folder, const ServedModel& served, const std::optional<LlmParts::Card>& card,
               ServedEngine& engine, Evaluation& evaluation) {
  serving::OperatorCoefficients coefficients;
  if (auto fit = fit_beside(folder, served.meta, served.work)) {
    coefficients = fit->coefficients;
    engine.grade = Grade::Fitted;
    engine.half_width = kWithTables;
    evaluation.fits.push_back(std::move(fit->summary));
  } else if (card) {
    const CardOperators known = card_operators(card->part, card->spec);
    coefficients = known.coefficients;
    engine.grade = known.grade;
    engine.half_width = known.grade == Grade::Fitted ? kWithTablesOfAnother : kWithoutTables;
    evaluation.notes.push_back(known.source);
  } else {
    throw_unknown_part(folder, "hardware.device_name", served.meta.card);
  }
  engine.steps = std::make_unique<serving::OperatorStepTime>(coefficients, served.work);
  if (!card) return;
  if (const auto exchange = exchange_of(served, *card)) {
    engine.steps = std::make_unique<serving::ExchangeStepTime>(std::move(engine.steps), *exchange);
  }
}

}  // namespace

ServedEngine served_vllm(const fs::path& folder, const LlmParts& parts, Evaluation& evaluation) {
  const ServedModel served = read_served_model(folder, parts);
  const ServingMeta& meta = served.meta;
  const auto card = parts.card(meta.card);
  ServedEngine engine{.name = "vllm", .num_copies = meta.data_parallel, .make = {}, .steps = nullptr};
  set_steps(folder, served, card, engine, evaluation);
  if (!meta.num_blocks && !card) throw_unknown_part(folder, "hardware.device_name", meta.card);
  const std::optional<double> computed = card ? std::optional(kv_blocks(served, card->spec)) : std::nullopt;
  if (meta.num_blocks && computed) {
    evaluation.notes.push_back(fmt::format(
        "{:.0f} blocks of KV cache as the engine reported; {:.0f} from card, model and settings", *meta.num_blocks, *computed));
  }
  const serving::VllmSchedulerSettings settings{
      .num_blocks = static_cast<std::size_t>(meta.num_blocks.value_or(computed.value_or(0.0))),
      .block_tokens = static_cast<std::uint32_t>(meta.block_tokens),
      .max_sequences = static_cast<std::uint32_t>(meta.max_sequences),
      .max_batched_tokens = static_cast<std::uint32_t>(meta.max_batched_tokens),
      .caches_prefixes = meta.caches_prefixes};
  engine.make = [settings] { return std::make_unique<serving::VllmScheduler>(settings); };
  return engine;
}

}  // namespace labtwin::calibration
