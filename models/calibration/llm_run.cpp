#include "models/calibration/llm_run.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>
#include <vector>

#include "models/calibration/host_bandwidth.hpp"
#include "models/calibration/llm_guesses.hpp"
#include "models/calibration/llm_placement.hpp"
#include "models/calibration/row_words.hpp"
#include "models/serving/kv_cache.hpp"
#include "models/serving/model_weights.hpp"
#include "models/serving/usual_memory.hpp"

namespace labtwin::calibration {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

// What an engine's name holds, and its family; the first that fits.
constexpr std::array<Pair, 19> kFamilies = {{{"exl", "exllama"},
                                             {"llamafile", "llamafile"},
                                             {"ik_llama", "ik_llama.cpp"},
                                             {"ollama", "ollama"},
                                             {"llama", "llama.cpp"},
                                             {"docker", "llama.cpp"},
                                             {"unsloth", "llama.cpp"},
                                             {"ds4", "llama.cpp"},
                                             {"mlx", "mlx"},
                                             {"lm-studio", "mlx"},
                                             {"lmstudio", "llama.cpp"},
                                             {"dflash", "mlx"},
                                             {"vllm", "vllm"},
                                             {"sglang", "sglang"},
                                             {"mlc", "mlc"},
                                             {"ktrans", "ktransformers"},
                                             {"tensorrt", "tensorrt"},
                                             {"lucebox", "llama.cpp"},
                                             {"", "other"}}};

constexpr std::array<Pair, 4> kBackends = {{{"NVIDIA", "cuda"}, {"AMD", "rocm"}, {"Apple", "metal"}, {"Intel", "sycl"}}};

constexpr double kGib = 1073741824.0;
constexpr double kUnknownBits = 4.8;  // per parameter, of files whose type is not told
constexpr double kUsualSize = 30e9;   // parameters of models whose name and row tell none
constexpr double kUsualActive = 3e9;  // ... of which a token uses
constexpr double kUnknownCpuPeak = 0.5e12;
// A card of the middle class, for names that no catalog has.
constexpr double kUnknownCardRate = 400e9;
constexpr double kUnknownCardPeak = 60e12;
constexpr double kMatrixGain = 4.0;  // of matrix units over vectors
// Of one core.
constexpr double kThreadRate = 8e9;
constexpr double kThreadPeak = 60e9;
constexpr double kLeastPeak = 1e11;
constexpr double kMostSequences = 256.0;  // that servers work on at once unless they are told
constexpr int kLittleIterations = 60;
// Processors multiply eight-bit integers at least twice as fast as FP32.
constexpr double kIntegerGain = 2.0;

std::string family_of(std::string_view engine) {
  const std::string name = lower_case(engine);
  return std::string(
      std::find_if(kFamilies.begin(), kFamilies.end(), [&](const Pair& p) { return holds(name, p.first); })->second);
}

// Servers and formats are engines, not ways to reach a card, and a vendor's own way reaches no card of another.
std::string backend_of(std::string_view told, std::string_view vendor) {
  const bool is_of_vendor = std::any_of(kBackends.begin(), kBackends.end(), [&](const Pair& p) {
    return p.second == told && told != "sycl" && !vendor.empty() && p.first != vendor;
  });
  if (is_of_vendor) return usual_backend(vendor);
  for (const std::string_view backend : {"cuda", "rocm", "vulkan", "metal", "sycl", "cpu", "opencl"}) {
    if (told == backend) return std::string(told);
  }
  return usual_backend(vendor);
}

// Multiplications in FP32, which unpacking and scaling of stored weights costs.
double vector_peak_of(const serving::AcceleratorSpec& spec) {
  return std::max(spec.fp32 ? spec.fp32->value() : 0.0, kLeastPeak);
}

// The fastest way to multiply that engines use: matrix units, else vectors, else eight-bit products in place of them. NVIDIA's
// consumer cards sum in FP16 twice as fast as in FP32, which is all that some datasheets tell: a multiple of the vector rate
// below that of the architecture gives them away.
double peak_of(const serving::AcceleratorSpec& spec) {
  const double vector = vector_peak_of(spec);
  if (spec.fp16_matrix_fp16_sum) return spec.fp16_matrix_fp16_sum->value();
  if (spec.fp16_matrix) {
    const double full = spec.architecture == "Turing" || spec.architecture == "Volta" ? 8.0 : 4.0;
    const bool is_half = spec.vendor == "NVIDIA" && spec.fp16_matrix->value() < 0.75 * full * vector;
    return spec.fp16_matrix->value() * (is_half ? 2.0 : 1.0);
  }
  const bool has_dot_products = spec.architecture == "Pascal";  // four products of eight bits per multiplication
  return std::max({vector * (has_dot_products ? 2.0 : 1.0), spec.fp16 ? spec.fp16->value() : 0.0,
                   spec.int8_matrix ? 0.5 * spec.int8_matrix->value() : 0.0});
}

/// `Apple M4 Pro` of the processor's cell where the card's says `M4`: of a chip that is both, the longer name tells it more
/// closely.
std::string told_more_closely(const std::string& card, std::string_view processor) {
  const std::vector<std::string> words = catalog::name_words(processor);
  const std::vector<std::string> of_card = catalog::name_words(card);
  const bool is_same = std::all_of(of_card.begin(), of_card.end(), [&](const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  });
  return is_same && !of_card.empty() && words.size() > of_card.size() ? std::string(processor) : card;
}

/// GiB of the card that notes tell in full: `card as stated: Tesla V100 32GB`.
std::optional<double> memory_told(std::string_view notes) {
  const std::size_t at = notes.find("card as stated: ");
  if (at == std::string_view::npos) return std::nullopt;
  const auto gib = number_before(lower_case(notes.substr(at, notes.find(';', at) - at)), "gb");
  return gib ? std::optional<double>(*gib) : std::nullopt;
}

/// Memory of a card that is not the host's too.
double read_device(LlmRun& row, std::string_view backend, std::optional<double> memory_gib, const LlmParts& parts) {
  const bool is_processor = row.card.starts_with("CPU: ");
  const std::string_view name = std::string_view(row.card).substr(is_processor ? 5 : 0);
  // Some processors have graphics, which an engine may have run on.
  const bool runs_on_card = backend != "cpu" && (!is_processor || backend == backend_of(backend, ""));
  const auto card = runs_on_card ? parts.card(name, memory_gib) : std::nullopt;
  if (card) {
    row.backend = backend_of(backend, card->spec.vendor);
    row.set_card(card->spec);
    if (card->grade != catalog::Grade::Assumed || card->exact) row.card = card->part;
    const double memory = std::max(card->spec.memory.value(), memory_gib.value_or(0.0) * kGib);
    return card->spec.kind == serving::AcceleratorKind::Discrete ? memory : 0.0;
  }
  row.architecture = "cpu";
  row.backend = backend_of(backend, "");
  row.run.memory_bandwidth = serving::kDdr4Desktop;
  row.run.vector_flops = FlopsPerSecond::from_base(kUnknownCpuPeak);
  if (const auto cpu = parts.processor(name)) {
    row.run.memory_bandwidth = cpu->spec.memory_bandwidth;
    if (cpu->spec.fp32) row.run.vector_flops = *cpu->spec.fp32;
    if (cpu->grade != catalog::Grade::Assumed) row.card = cpu->part;
  } else if (row.backend != "cpu") {
    row.run.memory_bandwidth = BytesPerSecond::from_base(kUnknownCardRate);
    row.run.vector_flops = FlopsPerSecond::from_base(kUnknownCardPeak / kMatrixGain);
    row.run.peak_flops = FlopsPerSecond::from_base(kUnknownCardPeak);
    return 0.0;
  }
  row.run.peak_flops = kIntegerGain * row.run.vector_flops;
  return 0.0;
}

/// The number before ` threads` or behind `threads=`; 0 if there is none.
double threads_in(std::string_view notes) {
  const std::size_t at = notes.find("threads");
  if (at == std::string_view::npos) return 0.0;
  std::size_t begin = at + 8;
  if (at + 7 >= notes.size() || notes[at + 7] != '=') {
    begin = at == 0 ? at : at - 1;
    while (begin > 0 && std::isdigit(static_cast<unsigned char>(notes[begin - 1])) != 0) --begin;
  }
  double count = 0.0;
  for (; begin < notes.size() && std::isdigit(static_cast<unsigned char>(notes[begin])) != 0; ++begin) {
    count = 10.0 * count + (notes[begin] - '0');
  }
  return count;
}

// Few cores neither fill the memory's channels nor reach the processor's peak.
void limit_threads(LlmRun& row, std::string_view notes) {
  const double threads = threads_in(notes);
  if (row.backend != "cpu" || threads <= 0.0) return;
  const double all = row.run.memory_bandwidth.value();
  row.run.memory_bandwidth = BytesPerSecond::from_base(1.0 / (1.0 / all + 1.0 / (threads * kThreadRate)));
  row.run.peak_flops = FlopsPerSecond::from_base(std::min(row.run.peak_flops.value(), threads * kThreadPeak));
}

/// How keys and values are kept, as notes tell it: `type_k=q8_0; type_v=q8_0`, `KV q4_0/q4_0`, `kv fp8_e5m2`; else FP16.
serving::KvTypes kv_types_of(std::string_view notes, const serving::QuantTable& table) {
  const std::string words = lower_case(notes);
  const auto behind = [&](std::string_view word) -> std::string_view {
    const std::size_t at = words.find(word);
    if (at == std::string::npos) return {};
    const std::string_view rest = std::string_view(words).substr(at + word.size());
    return rest.substr(0, rest.find_first_of(" ;,)"));
  };
  const auto keys = serving::find_kv_types(table, behind("type_k="));
  const auto values = serving::find_kv_types(table, behind("type_v="));
  if (words.find("type_k=") != std::string::npos && keys) return {keys->key, values ? values->value : 2.0};
  if (words.starts_with("kv ") || holds(words, "; kv ")) {
    if (const auto both = serving::find_kv_types(table, behind("kv "))) return *both;
  }
  return {};
}

void read_model(LlmRun& row, const MeasurementTable& table, std::size_t index, const LlmParts& parts) {
  const std::string_view name = table.text(index, "model");
  const auto told = table.number(index, "weights_gib");
  const auto model = parts.model(name, table.number(index, "params_b"), table.number(index, "active_params_b"));
  // Without a size anywhere, a file of known size is taken for four bits, and else a model of the usual size.
  const double guessed = told ? *told * 1.77e9 : kUsualSize;
  const serving::ModelShape shape = model ? model->shape : serving::typical_shape(guessed, told ? guessed : kUsualActive);
  const auto quant = parts.quant_within(table.text(index, "quant"));
  row.model = model && !model->part.empty() ? model->part : lower_case(name);
  row.set_model(shape, quant, told ? std::optional(Bytes::from_base(*told * kGib)) : std::nullopt);
  row.unlisted = !model || model->part.empty();
  serving::ThroughputRun& run = row.run;
  const double depth = std::max(1.0, run.depth + run.prompt_tokens + 0.5 * std::max(run.generated_tokens, 100.0));
  run.context_cache = serving::kv_cache_bytes(shape, depth, kv_types_of(table.text(index, "notes"), parts.quants()));
}

// Reports of a change tell of the build without it, too.
std::string build_of(std::string_view notes) {
  if (holds(notes, "before the change")) return "before a change";
  const std::size_t at = notes.find("toolbox ");
  if (at == std::string_view::npos) return "";
  const std::string_view rest = notes.substr(at + 8);
  return std::string(rest.substr(0, std::min(rest.find("__"), rest.find(';'))));
}

/// The number behind the first of these words; 0 if there is none.
double number_behind(std::string_view text, std::string_view words) {
  const std::size_t at = text.find(words);
  return at == std::string_view::npos ? 0.0 : std::strtod(std::string(text.substr(at + words.size())).c_str(), nullptr);
}

// Requests that come by a clock, not one after the other: as many are in work as come while one is (Little's law). What they
// wait for each other's prompts makes steps longer.
double sequences_in_work(serving::ThroughputRun run, double requests_per_s) {
  const auto sum = [](const serving::ThroughputTerms& terms) { return std::accumulate(terms.begin(), terms.end(), 0.0); };
  const double left = std::max(0.1, 1.0 - requests_per_s * sum(serving::prompt_seconds(run)));
  for (int i = 0; i < kLittleIterations; ++i) {
    const double step = sum(serving::token_seconds(run, false)) / left;
    run.batch = 0.5 * (run.batch + std::clamp(requests_per_s * run.generated_tokens * step, 1.0, kMostSequences));
  }
  return run.batch;
}

double years_of(std::string_view date) {
  if (date.size() < 7) return 0.0;
  const auto digits = [&](std::size_t at, std::size_t count) {
    double value = 0.0;
    for (const char c : date.substr(at, count))
      value = 10.0 * value + (std::isdigit(static_cast<unsigned char>(c)) != 0 ? c - '0' : 0);
    return value;
  };
  return std::clamp(digits(0, 4) + digits(5, 2) / 12.0 - 2025.5, -3.0, 2.0);
}

// Whether an engine's rates on prompts are of its own clock; those of servers are of a client's.
bool times_itself(std::string_view engine) {
  constexpr std::array<std::string_view, 6> kEngines = {"llama.cpp", "ik_llama.cpp",  "llamafile",
                                                        "ollama",    "ktransformers", "exllama"};
  return std::find(kEngines.begin(), kEngines.end(), engine) != kEngines.end();
}

// Ollama hands files of Apple's formats to MLX.
bool runs_in_mlx(const LlmRun& row, const MeasurementTable& table, std::size_t index) {
  const std::string file = lower_case(table.text(index, "model")) + " " + lower_case(table.text(index, "quant"));
  return row.engine == "ollama" && row.backend == "metal" && holds_any(file, {"mlx", "nvfp4", "mxfp8", "int4"});
}

void read_settings(LlmRun& row, const MeasurementTable& table, std::size_t index) {
  const std::string_view notes = table.text(index, "notes");
  const std::string_view split = table.text(index, "split_mode");
  serving::ThroughputRun& run = row.run;
  const bool is_bulk = holds(notes, "vllm bench throughput");
  run.batch = std::max(1.0, table.number(index, "concurrency").value_or(is_bulk ? 128.0 : 1.0));
  // llama.cpp has no more slots: what is told is its batch of tokens.
  if (run.batch > kMostSequences && times_itself(row.engine)) run.batch = 1.0;
  run.depth = table.number(index, "context_depth").value_or(0.0);
  const double usual = row.quantity == "ttft_ms" ? 1300.0 : row.quantity == "prefill_tok_s" ? 512.0 : 0.0;
  run.prompt_tokens = std::max(table.number(index, "prompt_tokens").value_or(usual), row.is_prompt() ? 1.0 : 0.0);
  // Some sources tell the prompt as depth too.
  if (run.prompt_tokens == run.depth) run.depth = 0.0;
  if (row.quantity == "prefill_tok_s") run.prompts_at_once = run.batch;
  run.ubatch = std::max(1.0, table.number(index, "ubatch").value_or(512.0));
  run.generated_tokens = table.number(index, "gen_tokens").value_or(0.0);
  run.is_request = row.quantity == "ttft_ms" || !times_itself(row.engine);
  run.num_cards = std::max(1.0, table.number(index, "num_gpus").value_or(1.0));
  if (run.num_cards > 1.0) {
    const bool remote = holds(split, "rpc") || holds(notes, "RPC");
    run.splits_tensors = !remote && (split.starts_with("t") || row.engine == "vllm" || row.engine == "sglang");
    row.split = remote ? "rpc" : run.splits_tensors ? "tensor" : "layer";
    row.split += std::to_string(static_cast<int>(run.num_cards));
  }
  read_guesses(row, notes, std::string(table.text(index, "model")) + " " + std::string(table.text(index, "quant")));
  row.build = build_of(notes);
  row.flash_attention = table.text(index, "flash_attn");
  // Clients of a server who tell one rate divide the tokens by the time of the request.
  const bool is_of_client = holds(notes, "localmaxxing") && (row.engine == "vllm" || row.engine == "sglang");
  row.whole_request = holds(notes, "end-to-end") || (is_of_client && row.quantity == "decode_tok_s");
  row.suspicious = holds(notes, "suspicious");
  row.years = years_of(table.text(index, "date"));
  row.power_limit_w = table.number(index, "power_limit_w").value_or(0.0);
}

// Latent keys and values are multiplied as they are kept, by the queries of all heads.
void set_attention(const serving::ModelShape& shape, serving::ThroughputRun& run) {
  const auto& latent = shape.latent_attention;
  const double per_head = latent ? 2.0 * latent->kv_rank + latent->rope_dim : 2.0 * shape.head_dim;
  const auto global_head = shape.sliding_window ? shape.sliding_window->global_head_dim : std::nullopt;
  run.attended = (global_head ? 2.0 * *global_head : per_head) * shape.heads * shape.global_layers();
  run.windowed = per_head * shape.heads * shape.windowed_layers();
  run.window = shape.sliding_window ? shape.sliding_window->window : 0.0;
}

void scale(serving::WeightPlacement& weights, double factor) {
  weights.dense_on_card *= factor;
  weights.experts_on_card *= factor;
}

}  // namespace

std::string usual_backend(std::string_view vendor) {
  const auto found = std::find_if(kBackends.begin(), kBackends.end(), [&](const Pair& p) { return p.first == vendor; });
  return found == kBackends.end() ? "cpu" : std::string(found->second);
}

void LlmRun::set_card(const serving::AcceleratorSpec& spec) {
  architecture = spec.architecture;
  run.memory_bandwidth = spec.memory_bandwidth;
  run.peak_flops = FlopsPerSecond::from_base(peak_of(spec));
  run.vector_flops = FlopsPerSecond::from_base(vector_peak_of(spec));
}

void LlmRun::set_model(const serving::ModelShape& shape, const std::optional<serving::Quantisation>& storage,
                       std::optional<Bytes> weights_told) {
  quant = storage ? storage->name() : "";
  run.layers = shape.layers;
  run.hidden_size = shape.hidden_size;
  set_attention(shape, run);
  run.active_parameters = shape.active_parameters;
  if (storage) {
    const serving::ModelWeights stored = serving::model_weights(shape, *storage);
    run.weights = serving::place_weights(shape, stored, shape.layers + 1, 0);
    scale(run.weights, weights_told ? *weights_told / stored.in_file() : 1.0);
  } else {
    const serving::ParameterCount count = serving::count_parameters(shape);
    run.weights.picked = shape.experts ? static_cast<double>(shape.experts->used) / shape.experts->count : 1.0;
    const double idle = 1.0 - run.weights.picked;
    if (idle > 0.0) run.weights.experts_on_card = Bytes::from_base((count.all - count.active) / idle);
    run.weights.dense_on_card = Bytes::from_base(count.all) - run.weights.experts_on_card;
    const Bytes all = weights_told.value_or(Bytes::from_base(kUnknownBits / 8.0 * shape.num_parameters));
    scale(run.weights, all.value() / count.all);
  }
  // Tables that are looked up, not read, are none of the shape's tensors.
  if (!shape.experts) run.weights.dense_on_card *= std::min(1.0, shape.active_parameters / shape.num_parameters);
}

double LlmRun::seconds_of(double value) const {
  if (quantity == "ttft_ms" || quantity == "itl_ms") return value / 1e3;
  if (quantity == "prefill_tok_s") return run.prompt_tokens / value;
  return quantity == "throughput_out_tok_s" ? run.batch / value : 1.0 / value;
}

LlmRun read_llm_run(const MeasurementTable& table, std::size_t row, const LlmParts& parts) {
  LlmRun result;
  result.quantity = table.text(row, "quantity");
  result.engine_name = table.text(row, "engine");
  result.engine = family_of(result.engine_name);
  result.card = told_more_closely(std::string(table.text(row, "gpu")), table.text(row, "cpu"));
  const double memory = read_device(result, table.text(row, "backend"), memory_told(table.text(row, "notes")), parts);
  limit_threads(result, table.text(row, "notes"));
  read_settings(result, table, row);
  if (runs_in_mlx(result, table, row)) result.engine = "mlx";
  read_model(result, table, row, parts);
  place_in_host(result, table, row, memory);
  result.run.host_bandwidth =
      host_bandwidth({table.text(row, "cpu"), result.architecture, result.run.weights.in_host()}, parts);
  const double requests_per_s = number_behind(table.text(row, "notes"), "request rate ");
  if (requests_per_s > 0.0 && !table.number(row, "concurrency")) {
    result.offered_tokens_per_s = requests_per_s * result.run.generated_tokens;
    result.run.batch = sequences_in_work(result.run, requests_per_s);
  }
  return result;
}

}  // namespace labtwin::calibration
