#include "models/calibration/offload_row.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "models/calibration/host_bandwidth.hpp"
#include "models/calibration/row_words.hpp"
#include "models/serving/kv_cache.hpp"
#include "models/serving/model_weights.hpp"
#include "models/serving/offload_step_time.hpp"

namespace labtwin::calibration {
namespace {

constexpr double kGiB = 1073741824.0;
constexpr double kUnknownCard = 900e9;
constexpr double kUnknownMemory = 24e9;
constexpr double kUnknownPeak = 100e12;
constexpr double kCoresToCard = 0.05;  // of what a card does, that a host without one does
constexpr double kLink = 22e9;         // of copies of weights to a card that is not named, B/s
constexpr double kUnknownModel = 30e9;
constexpr double kUnknownExperts = 120e9;  // parameters of a model whose experts are placed by hand, and has no name
constexpr double kUnknownActive = 6e9;
constexpr double kUsualActive = 0.06;    // of the parameters of a large model with experts
constexpr double kFilledCard = 0.85;     // of a card's memory, by weights of a model that spills over
constexpr double kCoherentLink = 300e9;  // between Grace and its card, B/s
constexpr std::string_view kBigModel = "DeepSeek-R1";
constexpr std::string_view kSmallExperts = "Qwen3-30B-A3B";
constexpr std::string_view kWideModel = "Qwen3-235B-A22B";

struct Split {
  double on_card_layers = 0.0;           ///< share of all layers, where layers are split
  std::optional<double> expert_on_card;  ///< share of the experts, where these are
};

/// Whether experts are placed apart from the rest. Tensors are put on cards one by one only of models that have some: what is
/// not named stays in the host's memory.
bool places_experts(const std::string& setting) {
  return holds_any(setting, {"=cpu", "exps", "experts", "cpu-moe"}) || (holds(setting, "ot=") && holds(setting, "ffn"));
}

// People name tensors by regular expressions of layers: `blk\.(3|4|5)\.ffn_.*=CUDA0` holds three.
double layers_on_cards(const std::string& setting) {
  double count = 0.0;
  for (std::size_t at = setting.find("=cuda"); at != std::string::npos; at = setting.find("=cuda", at + 1)) {
    const std::size_t open = setting.rfind('(', at);
    const std::size_t previous = at == 0 ? std::string::npos : setting.rfind("=c", at - 1);
    if (open == std::string::npos || (previous != std::string::npos && previous > open)) continue;
    const std::size_t close = std::min(setting.find(')', open), at);
    count += 1.0 + static_cast<double>(std::count(setting.begin() + static_cast<std::ptrdiff_t>(open),
                                                  setting.begin() + static_cast<std::ptrdiff_t>(close), '|'));
  }
  return count;
}

Split split_of(const std::string& setting, double layers, double fits) {
  Split split{.on_card_layers = 1.0, .expert_on_card = {}};
  if (const auto ngl = number_after(setting, "ngl=")) split.on_card_layers = std::min(1.0, *ngl / layers);
  if (places_experts(setting)) {
    split.expert_on_card = std::min(1.0, layers_on_cards(setting) / layers);
    if (const auto count = number_after(setting, "n-cpu-moe=")) split.expert_on_card = std::max(0.0, 1.0 - *count / layers);
    if (const auto count = number_before(setting, "expert layers")) split.expert_on_card = *count / layers;
    if (const auto count = number_before(setting, "of 128 experts")) split.expert_on_card = *count / 128.0;
  } else if (holds_any(setting, {"partial", "spills", "mmap", "offload"})) {
    split.on_card_layers = std::min(split.on_card_layers, fits);
  }
  return split;
}

/// In 10^9; of `size 4.58 GiB params 8.03 B` 8.03.
std::optional<double> noted_parameters(std::string_view notes) {
  const std::size_t at = notes.find("params ");
  if (at == std::string_view::npos) return std::nullopt;
  const double value = std::atof(std::string(notes.substr(at + 7)).c_str());
  return value > 0.0 ? std::optional<double>(value) : std::nullopt;
}

/// The name of a model that a benchmark calls by its architecture: `qwen3moe ?B`, `deepseek2 671B`.
std::string_view name_of(std::string_view told, std::optional<double> parameters) {
  if (told.starts_with("deepseek2")) return kBigModel;
  if (!told.starts_with("qwen3moe")) return told;
  return parameters.value_or(235.0) > 100.0 ? kWideModel : kSmallExperts;
}

LlmParts::Model model_of(const MeasurementTable& table, std::size_t index, const std::string& setting, const LlmParts& parts) {
  const auto parameters = noted_parameters(table.text(index, "notes"));
  const bool has_experts = places_experts(setting);
  if (auto model = parts.model(name_of(table.text(index, "model"), parameters), parameters)) {
    // A size in a name tells no experts; settings do.
    const double size = model->shape.num_parameters;
    const bool is_untold = has_experts && model->part.empty() && model->shape.active_parameters >= size;
    if (is_untold) model->shape = serving::typical_shape(size, kUsualActive * size);
    return *model;
  }
  if (!table.text(index, "model").empty() || table.text(index, "engine") != "ik_llama.cpp") {
    const double size = has_experts ? kUnknownExperts : kUnknownModel;
    return {serving::typical_shape(size, has_experts ? kUnknownActive : size), {}, catalog::Grade::Assumed};
  }
  // Logs without a model are told by their settings: latent attention, or as many layers as are asked for.
  const bool is_wide = number_after(setting, "ngl=").value_or(0) == 95;
  const bool is_big = holds(setting, "mla=") || has_experts;
  if (is_wide || is_big) {
    if (auto model = parts.model(is_wide ? kWideModel : kBigModel)) return *model;
  }
  return {serving::typical_shape(kUnknownModel, kUnknownModel), {}, catalog::Grade::Assumed};
}

/// Shares of the parameters: experts, and of these what one token picks.
struct Shares {
  double experts = 0.0;
  double picked = 1.0;
};

Shares shares_of(const serving::ModelShape& shape) {
  if (shape.active_parameters > 0.9 * shape.num_parameters) return {};
  const double picked = shape.experts ? static_cast<double>(shape.experts->used) / shape.experts->count : 0.05;
  const double experts = (shape.num_parameters - shape.active_parameters) / (1.0 - picked);
  return {std::min(0.99, experts / shape.num_parameters), picked};
}

double file_bytes(const MeasurementTable& table, std::size_t index, const serving::ModelShape& shape, const LlmParts& parts,
                  OffloadRow& row) {
  const std::string_view notes = table.text(index, "notes");
  auto quant = parts.quant(table.text(index, "quant"));
  if (!quant) quant = parts.quant(table.text(index, "model"));
  row.quant = quant ? quant->name() : "";
  for (const std::string_view word : {"size ", "file "}) {
    const std::size_t at = notes.find(word);
    const double size = at == std::string_view::npos ? 0.0 : std::atof(std::string(notes.substr(at + word.size())).c_str());
    if (size > 0.0) return size * kGiB;
  }
  return quant ? serving::model_weights(shape, *quant).in_file().value() : 0.56 * shape.num_parameters;
}

/// Bytes of a file that nobody reads: the token embedding, which stays in the host's memory, unless it is the output head too.
Bytes looked_up(const serving::ModelWeights& weights) {
  return weights.tied_embeddings ? Bytes{} : weights.token_embedding;
}

/// Of a dense model whose layers are counted, the share of the bytes that goes to the card.
std::optional<double> layers_on_card(const std::string& setting, const serving::ModelShape& shape,
                                     const serving::ModelWeights& weights) {
  const auto ngl = number_after(setting, "ngl=");
  if (!ngl) return std::nullopt;
  const serving::WeightPlacement placement = serving::place_weights(shape, weights, *ngl, 0);
  return placement.dense_on_card / (placement.dense_on_card + placement.dense_in_host + looked_up(weights));
}

void read_split(const MeasurementTable& table, std::size_t index, const std::string& setting, const LlmParts& parts,
                const serving::ModelShape& shape, OffloadRow& row) {
  const Shares shares = shares_of(shape);
  const double file = file_bytes(table, index, shape, parts, row);
  const auto told_card = table.number(index, "bytes_on_gpu_gib");
  const auto told_host = table.number(index, "bytes_on_cpu_gib");
  const double total = told_card && told_host ? (*told_card + *told_host) * kGiB : file;
  const double experts = shares.experts * total;
  const double others = total - experts;
  double others_on_card = 0.0;
  double experts_on_card = 0.0;
  std::optional<double> placed;
  double unread = 0.0;
  const auto quant = parts.quant(row.quant);
  if (shares.experts == 0.0 && quant) {
    const serving::ModelWeights weights = serving::model_weights(shape, *quant);
    placed = layers_on_card(setting, shape, weights);
    unread = total * (looked_up(weights) / weights.in_file());
  }
  if (told_card && told_host) {
    const double on_card = *told_card * kGiB;
    const bool by_layers = shares.experts == 0.0 || !places_experts(setting);
    others_on_card = by_layers ? others * on_card / total : std::min(on_card, others);
    experts_on_card = on_card - others_on_card;
  } else if (placed) {
    others_on_card = *placed * others;
  } else {
    const Split split = split_of(setting, shape.layers, std::min(1.0, kFilledCard * row.card_memory / total));
    others_on_card = others * (split.expert_on_card ? 1.0 : split.on_card_layers);
    experts_on_card = experts * split.expert_on_card.value_or(split.on_card_layers);
  }
  if (!row.has_card) others_on_card = experts_on_card = 0.0;
  const double in_host = std::max(0.0, total - others_on_card - experts_on_card);
  row.run.in_host = Bytes::from_base(std::max(0.0, in_host - unread));
  row.run.expert_share = shares.picked;
  row.run.active_on_card = Bytes::from_base(others_on_card + experts_on_card * shares.picked);
  const double others_in_host = std::max(0.0, others - others_on_card - unread);
  row.run.active_in_host = Bytes::from_base(others_in_host + std::max(0.0, experts - experts_on_card) * shares.picked);
  const double read = (row.run.active_on_card + row.run.active_in_host).value();
  row.share_on_card = read > 0.0 ? row.run.active_on_card.value() / read : 0.0;
}

/// What the throughput law says of the card alone.
void read_whole(const LlmParts::Model& model, const LlmParts& parts, OffloadRow& row) {
  const std::vector<std::string> names = card_names(row.card);
  const auto card = names.empty() ? std::nullopt : parts.card(names.front());
  if (!card) return;
  LlmRun& whole = row.whole;
  whole.engine = whole.engine_name = row.engine == "vllm" ? "vllm" : "llama.cpp";
  whole.backend = usual_backend(card->spec.vendor);
  whole.card = card->part;
  whole.model = row.model;
  whole.set_card(card->spec);
  whole.set_model(model.shape, parts.quant(row.quant), row.run.active_on_card + row.run.in_host);
  whole.run.context_cache = row.run.cache;
  whole.run.depth = row.depth;
  whole.run.ubatch = row.ubatch;
  whole.run.num_cards = static_cast<double>(names.size());
  if (names.size() > 1) whole.split = "layer" + std::to_string(names.size());
  row.set_prompt(row.is_prompt, row.prompt_tokens);
}

void read_host(const MeasurementTable& table, std::size_t index, const LlmParts& parts, OffloadRow& row) {
  const std::string_view name = table.text(index, "cpu");
  const auto processor = name.empty() ? std::nullopt : parts.processor(name);
  const auto told = table.number(index, "dram_gb_s");
  row.run.host_bandwidth =
      told ? BytesPerSecond::from_base(*told * 1e9) : host_bandwidth({name, row.architecture, row.run.in_host}, parts);
  row.run.threads = table.number(index, "threads").value_or(processor && processor->spec.cores ? *processor->spec.cores : 16.0);
}

double link_of(const serving::AcceleratorSpec& card) {
  const interconnect::CardLink link{interconnect::LinkFamily::Pcie, card.pcie_generation.value_or(4),
                                    card.pcie_lanes.value_or(16)};
  return interconnect::streaming_rate(link).value();
}

void read_machine(const MeasurementTable& table, std::size_t index, const LlmParts& parts, OffloadRow& row) {
  row.card = table.text(index, "gpu");
  row.cpu = table.text(index, "cpu");
  // Machines that nobody names are not one machine, but an author's may be.
  if (row.cpu.empty()) {
    const std::string_view source = table.text(index, "source");
    const std::size_t author = source.find(" by ");
    row.cpu = "of " + std::string(author == std::string_view::npos ? source : source.substr(author + 4));
  }
  row.machine = row.card + "|" + row.cpu;
  const bool asks_for_card = number_after(lower_case(table.text(index, "ngl_or_offload")), "ngl=").value_or(0) > 0;
  row.has_card = row.card != "none" && (!row.card.empty() || (asks_for_card && table.text(index, "cpu").empty()));
  double bandwidth = 0.0;
  double peak = 0.0;
  double link = 0.0;
  double count = 0.0;
  for (const std::string& name : card_names(row.card)) {
    const auto card = parts.card(name);
    if (card && row.architecture.empty()) row.architecture = card->spec.architecture;
    bandwidth += card ? card->spec.memory_bandwidth.value() : kUnknownCard;
    row.card_memory += card ? card->spec.memory.value() : kUnknownMemory;
    peak += card ? card->spec.peak_fp16().value() : kUnknownPeak;
    link += card ? link_of(card->spec) : kLink;
    ++count;
  }
  row.run.link_bandwidth = BytesPerSecond::from_base(count > 0.0 ? link / count : kLink);
  // Cards take turns: a layer lies on one of them.
  const double unnamed = row.has_card ? 1.0 : kCoresToCard;
  row.run.card_bandwidth = BytesPerSecond::from_base(count > 0.0 ? bandwidth / count : unnamed * kUnknownCard);
  row.run.card_peak = FlopsPerSecond::from_base(count > 0.0 ? peak / count : unnamed * kUnknownPeak);
  if (row.card.empty()) row.card = row.cpu;
  if (row.cpu == "Grace") row.run.link_bandwidth = BytesPerSecond::from_base(kCoherentLink);
}

}  // namespace

void OffloadRow::set_prompt(bool prompt, double tokens) {
  is_prompt = prompt;
  if (prompt) prompt_tokens = tokens;
  whole.quantity = prompt ? "prefill_tok_s" : "decode_tok_s";
  whole.run.prompt_tokens = prompt ? tokens : 0.0;
}

OffloadRow read_offload_row(const MeasurementTable& table, std::size_t index, const LlmParts& parts) {
  const std::string setting = lower_case(table.text(index, "ngl_or_offload"));
  const std::string notes = lower_case(table.text(index, "notes"));
  OffloadRow row;
  read_machine(table, index, parts, row);
  const LlmParts::Model model = model_of(table, index, setting, parts);
  row.engine = table.text(index, "engine");
  if (row.engine == "ollama") row.engine = "llama.cpp";
  row.model = model.part.empty() ? std::string(table.text(index, "model")) : model.part;
  row.is_prompt = table.text(index, "quantity").starts_with("prefill");
  row.run.layers = model.shape.layers;
  row.run.hidden_size = model.shape.hidden_size;
  row.run.active_parameters = model.shape.active_parameters;
  read_split(table, index, setting, parts, model.shape, row);
  read_host(table, index, parts, row);
  row.ubatch = number_after(setting, "ub=").value_or(512);
  row.prompt_tokens =
      std::max(1.0, table.number(index, "prompt_tokens").value_or(row.is_prompt ? std::max(512.0, row.ubatch) : 0.0));
  row.depth = table.number(index, "context_depth").value_or(0.0);
  const double context = row.depth + (row.is_prompt ? row.prompt_tokens : 256.0);
  row.run.cache = serving::kv_cache_bytes(model.shape, context, {});
  if (row.is_dense() && row.has_card) read_whole(model, parts, row);
  const std::string quant = lower_case(table.text(index, "quant"));
  row.on_cores = holds(setting, "rtr") || holds(quant, "_r4") || holds(quant, "_r8") || row.engine == "ktransformers" ||
                 number_after(setting, "ngl=") == 0;
  row.streams_steps = holds(setting, "cpu_offload") || holds(setting, "cpu offload");
  row.from_drive = holds(setting, "mmap") || holds_any(notes, {"nvme bound", "memory starved", "disk bound"});
  row.batch = std::max(1, number_after(notes, "aggregate at ").value_or(1));
  row.setting = row.machine + "|" + row.model + "|" + row.quant + "|" + setting;
  return row;
}

}  // namespace labtwin::calibration
