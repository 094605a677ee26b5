#include "models/calibration/vram_law.hpp"

#include <algorithm>
#include <cmath>

#include "models/calibration/layer_split.hpp"
#include "models/calibration/vram_weights.hpp"
#include "models/serving/card_memory.hpp"
#include "models/serving/llama_memory.hpp"
#include "models/serving/model_weights.hpp"
#include "models/serving/vllm_memory.hpp"

namespace labtwin::calibration {
namespace {

using serving::LayerWeights;
using serving::ModelShape;
using serving::ModelWeights;

constexpr double kMiB = 1048576.0;
constexpr double kUnstatedContext = 4096.0;
constexpr double kUnstatedUtilization = 0.92;
// What engines hold beside their budget: graphs, drafts, fragments.
constexpr double kBesideBudgetMib = 500.0;
// People who place tensors by name fill of what cache and graph leave about this.
constexpr double kFilledCard = 0.75;
// A model of unknown quantisation does not load if it is larger than the cards by this at a usual one.
constexpr double kSurelyTooLarge = 1.3;

VramFigure mib(Bytes bytes, Certainty certainty) {
  return {bytes.value() / kMiB, certainty};
}

double context_of(const VramRow& row) {
  const double asked = row.context.value_or(row.max_context.value_or(kUnstatedContext));
  return row.model ? std::min(asked, 16.0 * row.model->shape.max_context) : asked;
}

Certainty worst(Certainty a, Certainty b) {
  return std::max(a, b);
}

Certainty shape_certainty(const VramRow& row) {
  return row.model && (!row.model->part.empty() || row.model->grade != catalog::Grade::Assumed) && row.context
             ? Certainty::Exact
             : Certainty::Guessed;
}

/// Cards by what they take of a layer split.
std::vector<double> shares_of(const VramRow& row) {
  const auto cards = static_cast<std::size_t>(std::max(row.num_cards, row.place == Place::Card ? row.card + 1 : 1));
  if (row.split.size() >= cards) return {row.split.begin(), row.split.begin() + static_cast<std::ptrdiff_t>(cards)};
  std::vector<double> shares;
  for (std::size_t card = 0; card < cards; ++card) {
    shares.push_back(row.memory(static_cast<int>(card)).value_or(Bytes::from_base(1.0)).value());
  }
  return shares;
}

struct Placed {
  double layers = 0.0;
  bool has_head = false;
  Certainty certainty = Certainty::Exact;
};

/// What of the model lies where the row's figure was read.
Placed placed(const VramRow& row) {
  const int num_layers = row.model->shape.layers;
  const int asked = row.layers_on_card.value_or(num_layers + 1);
  const int on_cards = std::min(asked, num_layers);
  switch (row.place) {
    case Place::WholeOrOne:
      return {static_cast<double>(row.sums_cards || row.num_cards == 1 ? on_cards : on_cards / row.num_cards),
              asked > num_layers};
    case Place::HostBuffer:
    case Place::HostModel:
      // A log that shows the host where all layers are asked for ran without cards, or kept the cache at home.
      return {static_cast<double>(on_cards == num_layers ? num_layers : num_layers - on_cards),
              asked <= num_layers || row.cards.empty()};
    case Place::Card:
      break;
  }
  const std::vector<double> shares = shares_of(row);
  if (shares.size() == 1) return {static_cast<double>(on_cards), asked > num_layers};
  const LayerSplit split = split_layers(shares, num_layers, asked);
  const bool told = row.split.size() >= shares.size();
  return {static_cast<double>(split.layers[static_cast<std::size_t>(row.card)]),
          asked > num_layers && split.head_card == row.card,
          told && !row.overrides_tensors ? Certainty::Exact : Certainty::Split};
}

serving::KvLayout layout_of(const VramRow& row) {
  serving::KvLayout layout;
  layout.ubatch = row.ubatch;
  layout.sequences = std::max(1.0, row.slots);
  // Logs show the mode 0 also where flash attention then works on the latent vectors.
  const int usual_mode = row.build == serving::LlamaBuild::Fork ? 1 : 0;
  layout.absorbs_latent = row.engine == Engine::Vllm || row.flash_attention || row.latent_mode.value_or(usual_mode) != 0;
  layout.keeps_windows_only = row.keeps_windows_only;
  layout.caches_latent_twice = row.latent_mode == 1;
  return layout;
}

/// A cache whose layers and cells the notes count.
Bytes counted_cache(const VramRow& row) {
  ModelShape shape = row.model->shape;
  if (shape.sliding_window && row.full_layers_only) {
    shape.kv_heads = shape.sliding_window->global_kv_heads.value_or(shape.kv_heads);
    shape.head_dim = shape.sliding_window->global_head_dim.value_or(shape.head_dim);
  }
  shape.sliding_window.reset();
  shape.attention_layers = static_cast<int>(*row.cache_layers);
  return serving::kv_cache_bytes(shape, *row.cache_cells, row.kv, layout_of(row));
}

Bytes whole_cache(const VramRow& row) {
  const ModelShape& shape = row.model->shape;
  const serving::KvLayout layout = layout_of(row);
  if (row.cache_layers && row.cache_cells) return counted_cache(row);
  const Bytes all = serving::kv_cache_bytes(shape, context_of(row), row.kv, layout);
  if (!shape.sliding_window || (!row.windows_only && !row.full_layers_only)) return all;
  ModelShape full = shape;
  full.attention_layers = shape.global_layers();
  full.kv_heads = shape.sliding_window->global_kv_heads.value_or(shape.kv_heads);
  full.head_dim = shape.sliding_window->global_head_dim.value_or(shape.head_dim);
  full.sliding_window.reset();
  const Bytes of_full_layers = serving::kv_cache_bytes(full, context_of(row), row.kv, layout);
  return row.full_layers_only ? of_full_layers : all - of_full_layers;
}

/// Cards work as a pipeline, with copies of the inputs, where they hold all that there is.
bool is_pipeline(const VramRow& row, const ModelWeights& weights) {
  const bool runs_all = row.layers_on_card.value_or(row.model->shape.layers + 1) > row.model->shape.layers;
  if (row.num_cards < 2 || !runs_all || row.leaves_some_on_host) return false;
  return weights.in_file() <= cards_memory(row);
}

serving::LlamaSettings settings_of(const VramRow& row) {
  const ModelWeights weights = weights_of(row);
  const LayerWeights& layer = weights.layers.at(weights.layers.size() / 2);
  const bool is_mainline = row.build == serving::LlamaBuild::Mainline;
  return {.context = context_of(row),
          .slots = row.slots,
          .kv = row.kv,
          .flash_attention = row.flash_attention,
          .ubatch = row.ubatch,
          .attention_max_batch = row.attention_batch,
          .build = row.build,
          .unpacks_latent = row.build == serving::LlamaBuild::Fork && row.latent_mode != 0,
          .experts_on_host = row.leaves_some_on_host || leaves_experts_to_host(row, weights) ||
                             (is_mainline && row.overrides_tensors && weights.in_file() > cards_memory(row)),
          .input_copies = is_pipeline(row, weights) ? serving::kPipelineCopies : 1.0,
          // The first card computes for the host.
          .expert_tensor = row.card == 0 ? layer.experts / 3.0 : Bytes{}};
}

serving::VllmMemory vllm_of(const VramRow& row) {
  serving::VllmSettings settings;
  settings.memory_utilization = row.utilization.value_or(kUnstatedUtilization);
  settings.max_batched_tokens = row.batched_tokens;
  settings.max_sequences = row.max_sequences.value_or(settings.max_sequences);
  settings.tensor_parallel = row.tensor_parallel;
  settings.kv = row.kv;
  return serving::vllm_memory(row.model->shape, weights_of(row), card_of(row), settings);
}

Bytes llama_total(const VramRow& row) {
  const ModelShape& shape = row.model->shape;
  const ModelWeights weights = weights_of(row);
  const serving::LlamaSettings settings = settings_of(row);
  const int asked = row.layers_on_card.value_or(shape.layers + 1);
  const double share = std::min(1.0, static_cast<double>(asked) / (shape.layers + 1));
  const Bytes cache = whole_cache(row) + serving::state_bytes(shape) * std::max(1.0, row.slots);
  const Bytes graphs = serving::llama_compute_buffer(shape, settings, serving::GraphPart::WithHead) +
                       serving::llama_compute_buffer(shape, settings, serving::GraphPart::WithoutHead) * (row.num_cards - 1);
  const Bytes layers = leaves_experts_to_host(row, weights) ? dense_layers(weights) : weights.in_layers();
  return ((layers + weights.output_head + cache) * share + graphs) * row.instances;
}

/// What somebody who places tensors by name puts on a card.
Bytes filled(const VramRow& row, Bytes memory) {
  serving::AcceleratorSpec card = card_of(row);
  card.memory = memory;
  const auto held = [](const std::optional<VramFigure>& figure) {
    return Bytes::from_base(figure ? figure->value * kMiB : 0.0);
  };
  const Bytes taken = serving::context_reserve(card) + held(predict_kv_cache(row)) + held(predict_compute_buffer(row));
  return std::max(serving::usable_memory(card) - taken, memory * 0.1) * kFilledCard;
}

double cards_summed(const VramRow& row) {
  if (!row.sums_cards) return 1.0;
  return row.tensor_parallel > 1.0 ? std::min<double>(row.num_cards, row.tensor_parallel * row.instances) : row.num_cards;
}

/// The part of a graph that the figure is about.
serving::GraphPart graph_part(const VramRow& row, const Placed& at) {
  const bool computes_some = row.layers_on_card && *row.layers_on_card > 0 && *row.layers_on_card < row.model->shape.layers;
  switch (row.place) {
    case Place::WholeOrOne:
      return serving::GraphPart::WithHead;
    case Place::HostBuffer:
      return computes_some ? serving::GraphPart::HostModel : serving::GraphPart::HostInput;
    case Place::HostModel:
      return serving::GraphPart::HostModel;
    case Place::Card:
      break;
  }
  return at.has_head ? serving::GraphPart::WithHead : serving::GraphPart::WithoutHead;
}

/// A total is known to 5 % or 300 MiB, whichever is more; nearer to the edge a verdict may be the other one.
bool is_close(Bytes needed, Bytes usable) {
  const double margin = std::max(0.05 * usable.value(), 300.0 * kMiB);
  return std::abs(needed.value() - usable.value()) <= margin;
}

/// vLLM refuses to start where the cache is shorter than the longest context.
VramFigure vllm_outcome(const VramRow& row) {
  const serving::VllmMemory memory = vllm_of(row);
  const bool told = row.quant || row.file;
  const double longest = row.max_context.value_or(0.0);
  const bool fits = memory.kv_tokens > 0.0 && memory.kv_tokens >= longest;
  const Bytes cache = memory.kv_tokens > 0.0 ? memory.kv_cache * (longest / memory.kv_tokens) : Bytes{};
  const Bytes needed = memory.weights + memory.activation_peak + memory.outside_torch + cache;
  return {fits || !told ? 1.0 : 0.0, Certainty::Profiled, is_close(needed, memory.budget)};
}

}  // namespace

std::optional<VramFigure> predict_kv_cache(const VramRow& row) {
  if (!row.model) return std::nullopt;
  if (row.engine == Engine::Vllm) return mib(vllm_of(row).kv_cache, Certainty::Profiled);
  const Placed at = placed(row);
  if (row.state_only) return mib(serving::state_bytes(row.model->shape) * std::max(1.0, row.slots), Certainty::Placed);
  const Bytes cache = whole_cache(row) * (at.layers / row.model->shape.layers);
  const bool has_state = row.model->shape.linear_attention && !row.windows_only && !row.full_layers_only;
  const Bytes state = has_state ? serving::state_bytes(row.model->shape) * std::max(1.0, row.slots) : Bytes{};
  return mib(cache + state, worst(at.certainty, shape_certainty(row)));
}

std::optional<VramFigure> predict_compute_buffer(const VramRow& row) {
  if (!row.model) return std::nullopt;
  if (row.engine == Engine::Vllm) return mib(vllm_of(row).activation_peak, Certainty::Profiled);
  const Placed at = placed(row);
  const auto settings = settings_of(row);
  const Certainty certainty = row.overrides_tensors ? Certainty::Placed : at.certainty;
  ModelShape shape = row.model->shape;
  if (!layout_of(row).absorbs_latent) shape.latent_attention.reset();
  return mib(serving::llama_compute_buffer(shape, settings, graph_part(row, at)), worst(certainty, shape_certainty(row)));
}

std::optional<VramFigure> predict_weights(const VramRow& row) {
  if (!row.model)
    return row.file ? std::optional<VramFigure>(mib(*row.file / row.num_cards, Certainty::Guessed)) : std::nullopt;
  const ModelWeights weights = weights_of(row);
  const Certainty known = row.file || row.quant ? Certainty::Exact : Certainty::Guessed;
  if (row.engine == Engine::Vllm) return mib(weights.in_file() / row.tensor_parallel, worst(known, Certainty::Profiled));
  const Placed at = placed(row);
  if (row.place == Place::HostModel) {
    return mib(host_weights(row, weights, at.layers), row.cards.empty() ? known : Certainty::Placed);
  }
  if (row.place == Place::HostBuffer) {
    return mib(row.layers_on_card == 0 ? weights.in_file() : weights.token_embedding, Certainty::Placed);
  }
  const double share = at.layers / row.model->shape.layers;
  const Bytes head = at.has_head ? weights.output_head : Bytes{};
  if (leaves_experts_to_host(row, weights)) return mib(dense_layers(weights) * share + head, Certainty::Placed);
  if (row.place == Place::Card && row.overrides_tensors) {
    return mib(filled(row, row.memory(row.card).value_or(card_of(row).memory)), Certainty::Placed);
  }
  return mib(weights.in_layers() * share + head, worst(known, at.certainty));
}

std::optional<VramFigure> predict_total(const VramRow& row) {
  const serving::AcceleratorSpec card = card_of(row);
  const Bytes usable = serving::usable_memory(card);
  const Bytes beside = Bytes::from_base(kBesideBudgetMib * kMiB);
  if (row.engine == Engine::Vllm) {
    const Bytes budget = usable * row.utilization.value_or(kUnstatedUtilization);
    return mib(std::min(usable, budget + beside) * cards_summed(row), Certainty::Profiled);
  }
  if (!row.model) return std::nullopt;
  const Certainty known =
      worst(Certainty::Split, worst(shape_certainty(row), row.file || row.quant ? Certainty::Exact : Certainty::Guessed));
  const Bytes reserve = serving::context_reserve(card) * row.num_cards;
  const Bytes all = llama_total(row) + reserve;
  if (row.sums_cards || row.num_cards == 1) return mib(std::min(all, usable * row.num_cards), known);
  return mib(std::min(usable, all / row.num_cards), worst(known, Certainty::Split));
}

std::optional<VramFigure> predict_kv_tokens(const VramRow& row) {
  if (!row.model) return std::nullopt;
  // Where a start is reported, at least the context that was asked for fits.
  const double asked = row.max_context.value_or(row.context.value_or(row.batched_tokens));
  const double tokens = std::max(vllm_of(row).kv_tokens * row.context_parallel, 0.9 * asked);
  return VramFigure{tokens, row.utilization && row.quant ? Certainty::Profiled : Certainty::Guessed};
}

std::optional<VramFigure> predict_outcome(const VramRow& row) {
  // Tensors placed by name leave on the cards what fits; that is what the option is for.
  if (!row.model || (row.overrides_tensors && row.num_cards > 0)) return VramFigure{1.0, Certainty::Placed};
  if (row.engine == Engine::Vllm) return vllm_outcome(row);
  const Bytes usable = serving::usable_memory(card_of(row)) * row.num_cards;
  const Bytes needed = llama_total(row) + serving::context_reserve(card_of(row)) * row.num_cards;
  const bool told = row.file || row.quant;
  const bool host_holds_rest = row.layers_on_card && *row.layers_on_card <= row.model->shape.layers;
  const bool loads = needed <= usable * (told ? 1.0 : kSurelyTooLarge) || (told && host_holds_rest);
  return VramFigure{loads ? 1.0 : 0.0, told ? Certainty::Split : Certainty::Guessed, is_close(needed, usable)};
}

}  // namespace labtwin::calibration
