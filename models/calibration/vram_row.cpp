#include "models/calibration/vram_row.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <system_error>

#include "models/base/text.hpp"
#include "models/serving/model_weights.hpp"

namespace labtwin::calibration {
namespace {

constexpr double kGiB = 1073741824.0;
// Of a model that is not named at all.
constexpr double kUnstatedSize = 8e9;
// Tokens of a batch of llama-perplexity, which fills it with sequences of its usual context.
constexpr double kPerplexityBatch = 2048.0;
constexpr double kPerplexityContext = 512.0;

std::optional<double> number_in(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(text->c_str(), &end);
  return end == text->c_str() ? std::nullopt : std::optional<double>(value);
}

std::optional<int> integer_in(const std::optional<std::string>& text) {
  const auto value = number_in(text);
  return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
}

bool mentions(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

/// The number in a cell; logs leave `$((41*1024))` and words in others, which tell nothing.
std::optional<double> cell(const MeasurementTable& table, std::size_t index, std::string_view column) {
  const std::string_view text = trim(table.text(index, column));
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional<double>(value) : std::nullopt;
}

Engine engine_of(std::string_view name) {
  if (name.starts_with("vllm")) return Engine::Vllm;
  return name.starts_with("exllama") ? Engine::ExLlama : Engine::LlamaCpp;
}

/// `62/62` and `99`; words are no number.
std::optional<int> layers_of(std::string_view cell) {
  if (cell.empty() || std::isdigit(static_cast<unsigned char>(cell.front())) == 0) return std::nullopt;
  return std::atoi(std::string(cell).c_str());
}

/// The model's layers in `62/62`, without the output head.
std::optional<int> told_layers_of(std::string_view cell) {
  const std::size_t slash = cell.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto layers = layers_of(cell.substr(slash + 1));
  return layers && *layers > 1 ? std::optional<int>(*layers - 1) : std::nullopt;
}

/// `41:23.5:26` as three shares.
std::vector<double> shares_of(const std::optional<std::string>& text) {
  std::vector<double> shares;
  if (!text) return shares;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    const auto share = number_in(std::string(rest.substr(0, colon)));
    if (!share) break;
    shares.push_back(*share);
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  return shares;
}

void read_place(std::string_view notes, VramRow& row) {
  const auto device = noted(notes, "dev");
  if (!device) return;
  if (device->ends_with("_Split")) {
    row.sums_cards = true;
  } else if (device->ends_with("_Host")) {
    row.place = Place::HostBuffer;
  } else if (device->starts_with("CPU")) {
    row.place = Place::HostModel;
  } else {
    row.place = Place::Card;
    const std::size_t digit = device->find_first_of("0123456789");
    row.card = digit == std::string::npos ? 0 : std::atoi(device->c_str() + digit);
  }
}

/// The shape that a log prints is that of the file; it beats the catalog.
void apply_noted_shape(std::string_view notes, serving::ModelShape& shape) {
  const auto set = [&](std::string_view key, int& field) {
    if (const auto value = integer_in(noted(notes, key)); value && *value > 0) field = *value;
  };
  set("nlayer", shape.layers);
  set("nembd", shape.hidden_size);
  set("vocab", shape.vocabulary);
  set("nhead", shape.heads);
  const auto key_elements = integer_in(noted(notes, "ek"));
  if (!key_elements || *key_elements <= 0 || noted(notes, "kvlora")) return;
  shape.latent_attention.reset();
  shape.kv_heads = integer_in(noted(notes, "nheadkv")).value_or(shape.kv_heads);
  shape.head_dim = *key_elements / std::max(1, shape.kv_heads);
  shape.attention_layers.reset();
}

/// The number before a word, `12` in `cache, 12 layers, 4096 cells`.
std::optional<double> counted(std::string_view notes, std::string_view word) {
  const std::size_t at = notes.find(word);
  if (at == std::string_view::npos) return std::nullopt;
  std::size_t begin = at;
  while (begin > 0 && std::isdigit(static_cast<unsigned char>(notes[begin - 1])) != 0) --begin;
  return number_in(std::string(notes.substr(begin, at - begin)));
}

void read_overrides(std::string_view notes, VramRow& row) {
  const std::size_t at = notes.find("ot=");
  row.overrides_tensors = at != std::string_view::npos;
  if (!row.overrides_tensors) return;
  const std::string_view rules = notes.substr(at + 3);
  const bool names_blocks = mentions(rules, "blk") || mentions(rules, "=CUDA");
  row.experts_on_host = mentions(rules, "exps") && mentions(rules, "=CPU") && !names_blocks;
  row.leaves_some_on_host = mentions(rules, "=CPU");
}

/// Flash attention where a row does not tell: a quantised cache of values needs it; the fork has it off by default.
bool flash_attention_of(std::string_view cell, const VramRow& row) {
  if (!cell.empty()) return cell != "0" && cell != "False" && cell != "off";
  constexpr double kHalf = 2.0;
  return row.kv.value < kHalf || row.build == serving::LlamaBuild::Mainline;
}

/// Mixes of the fork's own types keep dense tensors at 8 bits; so does a file much smaller than its name says.
bool is_recipe(std::string_view quant, const VramRow& row) {
  const bool is_fork_type = quant.starts_with("IQ") && (mentions(quant, "_K") || mentions(quant, "_R4"));
  if (is_fork_type || !row.file || !row.quant || !row.model) return is_fork_type;
  return *row.file < serving::model_weights(row.model->shape, *row.quant).in_file() * 0.7;
}

void read_notes(std::string_view notes, VramRow& row) {
  read_place(notes, row);
  row.latent_mode = integer_in(noted(notes, "mla"));
  row.attention_batch = number_in(noted(notes, "amb"));
  // A back tick ends a quotation from the text around a log.
  if (!mentions(notes, "`")) row.split = shares_of(noted(notes, "ts"));
  read_overrides(notes, row);
  auto parallel = number_in(noted(notes, "tp"));
  if (!parallel) parallel = number_in(noted(notes, "TP"));
  // The first engine profiled a prompt of the longest context at once, where it did not cut prompts into chunks.
  constexpr double kLongestWhole = 32768.0;
  const double longest = row.max_context.value_or(0.0);
  if (mentions(notes, "peak_torch") && longest <= kLongestWhole) row.batched_tokens = std::max(row.batched_tokens, longest);
  row.tensor_parallel = std::max(1.0, parallel.value_or(row.engine == Engine::Vllm ? row.num_cards : 1.0));
  row.instances = std::max(1.0, number_in(noted(notes, "instances")).value_or(1.0));
  row.batched_tokens = number_in(noted(notes, "max_num_batched_tokens")).value_or(row.batched_tokens);
  row.sums_cards = row.sums_cards || mentions(notes, "sum over cards") || mentions(notes, "total over cards");
  row.windows_only = mentions(notes, "sliding cache");
  row.full_layers_only = mentions(notes, "full-attention");
  if (row.windows_only || row.full_layers_only) {
    row.cache_layers = counted(notes, " layers");
    row.cache_cells = counted(notes, " cells");
  }
  row.state_only = mentions(notes, "recurrent state") && !mentions(notes, "KV + recurrent");
  row.context_parallel = std::max(1.0, number_in(noted(notes, "dcp")).value_or(1.0));
  if (row.model) apply_noted_shape(notes, row.model->shape);
}

void read_cards(const MeasurementTable& table, std::size_t index, const LlmParts& parts, VramRow& row) {
  row.card_memory_gib = cell(table, index, "vram_gib");
  const std::vector<std::string> names = card_names(table.text(index, "gpu"));
  for (const std::string& name : names) {
    row.cards.push_back(parts.card(name, names.size() == 1 ? row.card_memory_gib : std::nullopt));
  }
  const auto told = static_cast<int>(cell(table, index, "num_gpus").value_or(1.0));
  row.num_cards = std::clamp(std::max(told, static_cast<int>(names.size())), 1, 64);
  while (row.cards.size() == 1 && row.num_cards > 1 && row.cards.size() < static_cast<std::size_t>(row.num_cards)) {
    row.cards.resize(static_cast<std::size_t>(row.num_cards), row.cards.front());
  }
}

}  // namespace

std::optional<std::string> noted(std::string_view notes, std::string_view key) {
  std::size_t at = 0;
  while ((at = notes.find(key, at)) != std::string_view::npos) {
    const bool is_word = at == 0 || notes[at - 1] == ' ' || notes[at - 1] == '"' || notes[at - 1] == ';';
    const std::size_t after = at + key.size();
    if (is_word && after < notes.size() && notes[after] == '=') {
      const std::size_t end = std::min(notes.find_first_of(" ,;\"`", after + 1), notes.size());
      return std::string(notes.substr(after + 1, end - after - 1));
    }
    at = after;
  }
  return std::nullopt;
}

std::optional<Bytes> VramRow::memory(int index) const {
  const auto at = static_cast<std::size_t>(index);
  if (at < cards.size() && cards[at]) return cards[at]->spec.memory;
  if (card_memory_gib) return Bytes::from_base(*card_memory_gib * kGiB);
  return std::nullopt;
}

VramRow read_vram_row(const MeasurementTable& table, std::size_t index, const LlmParts& parts) {
  VramRow row;
  row.engine = engine_of(table.text(index, "engine"));
  row.quantity = table.text(index, "quantity");
  read_cards(table, index, parts, row);
  row.keeps_windows_only = table.text(index, "engine") != "ik_llama.cpp";
  row.model = parts.model(table.text(index, "model"), cell(table, index, "params_b"));
  if (!row.model)
    row.model = LlmParts::Model{serving::typical_shape(kUnstatedSize, kUnstatedSize), {}, catalog::Grade::Assumed};
  row.quant = parts.quant(table.text(index, "quant"));
  if (!row.quant) row.quant = parts.quant(table.text(index, "model"));
  if (const auto file = cell(table, index, "weights_file_gib")) row.file = Bytes::from_base(*file * kGiB);
  row.context = cell(table, index, "context_tokens");
  row.slots = cell(table, index, "num_slots").value_or(1.0);
  row.kv = serving::find_kv_types(parts.quants(), table.text(index, "kv_type")).value_or(serving::KvTypes{});
  // The fork's logs tell its modes of latent attention; a log without them in its threads is of the mainline.
  const std::string_view notes = table.text(index, "notes");
  const bool is_mainline_log = noted(notes, "nlayer") && !noted(notes, "mla");
  const bool is_fork = table.text(index, "engine") == "ik_llama.cpp" && !is_mainline_log;
  row.build = is_fork ? serving::LlamaBuild::Fork : serving::LlamaBuild::Mainline;
  const std::string_view flash = table.text(index, "flash_attn");
  row.flash_attention = flash_attention_of(flash, row);
  if (is_fork && flash.empty() && row.context == kPerplexityContext) row.context = kPerplexityBatch;
  row.is_recipe = is_recipe(table.text(index, "quant"), row);
  row.ubatch = cell(table, index, "ubatch").value_or(row.ubatch);
  row.layers_on_card = layers_of(table.text(index, "ngl"));
  row.layers_told = told_layers_of(table.text(index, "ngl"));
  if (row.layers_told && row.model->shape.layers != *row.layers_told && !noted(notes, "nlayer")) {
    if (auto counted = parts.model_of_layers(*row.layers_told)) row.model = std::move(counted);
  }
  row.utilization = cell(table, index, "gpu_memory_utilization");
  row.max_sequences = cell(table, index, "max_num_seqs");
  row.max_context = cell(table, index, "max_model_len");
  read_notes(notes, row);
  return row;
}

}  // namespace labtwin::calibration
