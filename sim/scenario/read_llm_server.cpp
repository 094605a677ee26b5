#include "sim/scenario/read_llm_server.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/base/text.hpp"
#include "models/registry.hpp"
#include "sim/scenario/model_fits.hpp"
#include "sim/scenario/read_load.hpp"
#include "sim/scenario/server_cards.hpp"

namespace labtwin {
namespace {

constexpr double kMostContext = 1e8;
constexpr double kGiB = 1073741824.0;

/// What the keys of an engine are checked against.
struct Surroundings {
  const serving::QuantTable& quants;
  std::optional<std::uint32_t> max_context;  ///< of the model; nothing if that is wrong, and has been reported
};

void check_quant(TableReader& table, const std::string& quant, const serving::QuantTable& quants) {
  if (quant.empty() || serving::Quantisation::find(quants, quant)) return;
  table.fail("quant", "is no known quantisation", nearest_names_hint(quant, serving::quant_names(quants)));
}

/// llama.cpp and Ollama read files of types of their own.
void check_format(TableReader& table, const LlmServerSpec& spec, const serving::QuantTable& quants) {
  const auto quant = serving::Quantisation::find(quants, spec.quant);
  if (!quant || quant->is_gguf() || serving::llama_server(spec.engine) == nullptr) return;
  table.fail("quant", "is none that llama.cpp reads", "q4_k_m, q8_0 or bf16; vLLM reads it");
}

serving::KvTypes read_kv_types(TableReader& table, std::string_view key, const serving::QuantTable& quants, bool is_vllm) {
  const auto text = table.value_or<std::string>(key, is_vllm ? "auto" : "f16");
  if (is_vllm && text == "auto") return {};
  const auto types = serving::find_kv_types(quants, text);
  if (types && serving::has_kv_types(is_vllm, text)) return *types;
  table.fail(key, fmt::format("is no type of a KV cache of {}", is_vllm ? "vLLM" : "llama.cpp"),
             is_vllm ? "auto, bf16, fp8" : "f16, q8_0, q4_0");
  return {};
}

void check_context(TableReader& table, std::string_view key, std::uint32_t tokens, const Surroundings& around) {
  if (!around.max_context || tokens <= *around.max_context) return;
  table.fail(key, fmt::format("gives a request {} tokens; the model was made for at most {}", tokens, *around.max_context));
}

serving::ServerSettings read_llama(TableReader& table, const Surroundings& around) {
  serving::LlamaServer server;
  server.parallel = table.value_or<std::uint32_t>("parallel", server.parallel, between(1.0, 256.0));
  server.ctx_size = table.value_or<std::uint32_t>("ctx_size", server.ctx_size, between(256.0, kMostContext));
  server.batch_size = table.value_or<std::uint32_t>("batch_size", server.batch_size, between(server.parallel, 65536.0));
  server.ubatch_size = table.value_or<std::uint32_t>("ubatch_size", server.ubatch_size, between(1.0, server.batch_size));
  server.flash_attn = table.value_or<bool>("flash_attn", server.flash_attn);
  server.kv.key = read_kv_types(table, "cache_type_k", around.quants, false).key;
  server.kv.value = read_kv_types(table, "cache_type_v", around.quants, false).value;
  server.cache_prompt = table.value_or<bool>("cache_prompt", server.cache_prompt);
  server.cache_ram = table.value_or<Bytes>("cache_ram", serving::kLlamaCacheRam, kNonNegative);
  server.n_cpu_moe = table.value_or<std::uint32_t>("n_cpu_moe", server.n_cpu_moe);
  server.n_gpu_layers = table.optional<std::uint32_t>("n_gpu_layers", at_least(1.0));
  server.mmap = table.value_or<bool>("mmap", server.mmap);
  server.threads = table.value_or<std::uint32_t>("threads", server.threads, at_least(1.0));
  check_context(table, "ctx_size", server.ctx_size / server.parallel, around);
  return server;
}

serving::ServerSettings read_ollama(TableReader& table, const Surroundings& around) {
  serving::OllamaServer server;
  serving::LlamaServer& runner = server.runner;
  runner.parallel = table.value_or<std::uint32_t>("num_parallel", runner.parallel, between(1.0, 256.0));
  const auto context = table.value_or<std::uint32_t>("num_ctx", runner.ctx_size, between(256.0, kMostContext / 256.0));
  runner.ctx_size = context * runner.parallel;
  runner.batch_size = runner.ubatch_size = table.value_or<std::uint32_t>("num_batch", 512, between(runner.parallel, 65536.0));
  runner.flash_attn = table.value_or<bool>("flash_attention", runner.flash_attn);
  runner.kv = read_kv_types(table, "kv_cache_type", around.quants, false);
  server.keep_alive = table.value_or<Seconds>("keep_alive", server.keep_alive, kNonNegative);
  server.max_loaded_models = table.value_or<std::uint32_t>("max_loaded_models", server.max_loaded_models, at_least(1.0));
  check_context(table, "num_ctx", context, around);
  return server;
}

serving::ServerSettings read_vllm(TableReader& table, const Surroundings& around) {
  serving::VllmServer server;
  server.max_num_seqs = table.value_or<std::uint32_t>("max_num_seqs", server.max_num_seqs, between(1.0, 65536.0));
  server.max_num_batched_tokens =
      table.value_or<std::uint32_t>("max_num_batched_tokens", server.max_num_batched_tokens, between(server.max_num_seqs, 1e6));
  server.gpu_memory_utilization =
      table.value_or<double>("gpu_memory_utilization", server.gpu_memory_utilization, between(0.01, 1.0));
  server.max_model_len =
      table.value_or<std::uint32_t>("max_model_len", around.max_context.value_or(1), between(1.0, kMostContext));
  server.block_size = table.value_or<std::uint32_t>("block_size", server.block_size, between(1.0, 256.0));
  server.kv = read_kv_types(table, "kv_cache_dtype", around.quants, true);
  server.enable_prefix_caching = table.value_or<bool>("enable_prefix_caching", server.enable_prefix_caching);
  const auto offload = table.value_or<double>("cpu_offload_gb", 0.0, between(0.0, 1e5));
  server.cpu_offload = Bytes::from_base(offload * kGiB);
  check_context(table, "max_model_len", server.max_model_len, around);
  return server;
}

serving::ServerSettings read_engine(TableReader& table, const Surroundings& around) {
  enum class Name : unsigned char { LlamaCpp, Ollama, Vllm };
  switch (table.enumeration_or("engine", Name::LlamaCpp,
                               {{"llama.cpp", Name::LlamaCpp}, {"ollama", Name::Ollama}, {"vllm", Name::Vllm}})) {
    case Name::LlamaCpp:
      return read_llama(table, around);
    case Name::Ollama:
      return read_ollama(table, around);
    case Name::Vllm:
      return read_vllm(table, around);
  }
  return {};
}

std::optional<std::uint32_t> max_context(const std::string& model, const catalog::Catalog& catalog) {
  const auto part = find_language_model(catalog, model);
  return part ? std::optional(static_cast<std::uint32_t>(part->shape.max_context)) : std::nullopt;
}

/// The key `quant`, which the name of a GGUF file may tell: `Qwen3-8B-Q4_K_M.gguf`.
std::string read_quant(TableReader& table, const std::string& model, const serving::QuantTable& quants) {
  if (!table.has("quant") && model.ends_with(".gguf")) {
    const std::string stem = std::filesystem::path(model).stem().string();
    std::string told = stem.substr(stem.find_last_of("-.") + 1);
    if (serving::Quantisation::find(quants, told)) return told;
  }
  return table.required<std::string>("quant");
}

/// The key `model`: a part of the catalog, or a file beside the scenario, whose path then is the model's name. Empty, and
/// reported, if it is neither.
std::string read_model(TableReader& table, const ServicePlace& place) {
  auto model = table.required<std::string>("model");
  if (model.empty()) return model;
  if (!is_model_file(model)) {
    const std::vector<std::string>& known = place.catalog.parts("llms");
    if (std::find(known.begin(), known.end(), model) != known.end()) return model;
    auto [rule, hint] = catalog::missing_part(place.catalog, "llms", model);
    table.fail("model", std::move(rule), std::move(hint));
    return model;
  }
  const auto path = find_file(model, place.folders);
  if (!path) {
    table.fail("model", "there is no such file");
    return {};
  }
  try {
    static_cast<void>(load_language_model(place.catalog, path->string()));
  } catch (const ConfigError& error) {
    table.sink().add(error);
    return {};
  }
  return path->string();
}

}  // namespace

ServiceKind read_llm_server(TableReader& table, const ServicePlace& place) {
  LlmServerSpec spec;
  spec.model = read_model(table, place);
  const serving::QuantTable quants = load_quant_table(place.catalog);
  spec.quant = read_quant(table, spec.model, quants);
  check_quant(table, spec.quant, quants);
  spec.engine = read_engine(table, {quants, max_context(spec.model, place.catalog)});
  check_format(table, spec, quants);
  read_server_cards(table, place, spec);
  if (serving::llama_server(spec.engine) != nullptr) {
    spec.backend = table.value_or<std::string>("backend", "");
    if (!spec.backend.empty()) {
      check_reference(table, "backend", spec.backend, {"cuda", "metal", "opencl", "rocm", "sycl", "vulkan"});
    }
  }
  if (place.node != nullptr) {
    check_model_loads(table, spec, *place.node, place.catalog);
  }
  spec.memory = table.value_or<Bytes>("memory", Bytes{}, kNonNegative);
  if (const auto* vllm = std::get_if<serving::VllmServer>(&spec.engine); vllm != nullptr && place.node != nullptr) {
    const Bytes offloaded = vllm->cpu_offload * static_cast<double>(spec.gpus.size());
    // More than there is has a message of its own.
    if (offloaded <= place.node->memory.size) spec.memory += offloaded;
  }
  spec.queue_limit = table.optional<std::uint32_t>("queue_limit");
  spec.load = read_load(table, place);
  if (place.node != nullptr) check_host_memory(table, spec, *place.node, place.catalog);
  if (std::holds_alternative<serving::OllamaServer>(spec.engine) && !spec.load) {
    table.fail("load", "is missing: Ollama loads a model when somebody asks", "load = { from = \"nvme0\" }");
  }
  return spec;
}

}  // namespace labtwin
