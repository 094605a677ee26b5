#include "models/calibration/serving_meta.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "models/base/error.hpp"
#include "models/base/file.hpp"

namespace labtwin::calibration {
namespace {

using nlohmann::json;

constexpr double kMiB = 1048576.0;

[[noreturn]] void fail(const std::filesystem::path& file, std::string key, std::string rule) {
  throw ConfigError({.place = {file.string(), 0, 0}, .key = std::move(key), .value = {}, .rule = std::move(rule), .hint = {}});
}

std::string text_of(const json& object, std::string_view key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// One object of the file; everything in it may be missing or null.
class Section {
 public:
  Section(const std::filesystem::path& file, const json& root, std::string name)
      : file_(file), name_(std::move(name)), object_(root.value(name_, json::object())) {
    if (!object_.is_object()) fail(file_, name_, "must be an object");
  }

  [[nodiscard]] std::optional<double> not_negative(std::string_view key) const {
    const auto found = object_.find(key);
    if (found == object_.end() || found->is_null()) return std::nullopt;
    if (!found->is_number() || found->get<double>() < 0.0) fail(file_, path(key), "must be a number >= 0");
    return found->get<double>();
  }
  [[nodiscard]] std::optional<double> positive(std::string_view key) const {
    const auto number = not_negative(key);
    if (number && *number == 0.0) fail(file_, path(key), "must be a number > 0");
    return number;
  }
  [[nodiscard]] bool flag(std::string_view key, bool otherwise) const {
    const auto found = object_.find(key);
    return found != object_.end() && found->is_boolean() ? found->get<bool>() : otherwise;
  }
  [[nodiscard]] std::string text(std::string_view key) const { return text_of(object_, key); }

 private:
  [[nodiscard]] std::string path(std::string_view key) const { return name_ + '.' + std::string(key); }

  const std::filesystem::path& file_;
  std::string name_;
  json object_;
};

json read_root(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) fail(file, {}, "is missing: it tells the engine's settings and the card");
  json root = json::parse(read_text_file(file), nullptr, false);
  if (!root.is_object()) fail(file, {}, "is no JSON object");
  return root;
}

std::string model_of(const std::filesystem::path& file, const json& root, const Section& engine) {
  std::string model = text_of(root, "model");
  if (model.empty()) model = engine.text("model");
  if (model.empty()) fail(file, "model", "must name the model");
  return model;
}

std::string card_of(const std::filesystem::path& file, const Section& hardware) {
  std::string card = hardware.text("device_name");
  if (card.empty()) fail(file, "hardware.device_name", "must name the card");
  return card;
}

}  // namespace

bool serves_llama(const std::filesystem::path& file) {
  const std::string engine = text_of(read_root(file), "engine");
  if (engine.empty() || engine == "vllm") return false;
  if (engine == "llama.cpp") return true;
  throw ConfigError({.place = {file.string(), 0, 0},
                     .key = "engine",
                     .value = '"' + engine + '"',
                     .rule = "is no engine whose runs can be replayed",
                     .hint = "vllm, llama.cpp"});
}

ServingMeta read_serving_meta(const std::filesystem::path& file) {
  const json root = read_root(file);
  const Section engine(file, root, "engine_kwargs");
  const Section cache(file, root, "kv_cache");
  const Section hardware(file, root, "hardware");
  ServingMeta meta;
  meta.model = model_of(file, root, engine);
  meta.card = card_of(file, hardware);
  meta.engine_version = text_of(root, "vllm_version");
  if (const auto bytes = hardware.positive("device_total_memory_bytes")) meta.card_memory = Bytes::from_base(*bytes);
  meta.num_cards = hardware.positive("device_count").value_or(meta.num_cards);
  if (const std::string dtype = engine.text("dtype"); !dtype.empty() && dtype != "auto") meta.dtype = dtype;
  meta.tensor_parallel = engine.positive("tensor_parallel_size").value_or(meta.tensor_parallel);
  meta.data_parallel = engine.positive("data_parallel_size").value_or(meta.data_parallel);
  meta.splits_experts = engine.flag("enable_expert_parallel", false);
  meta.max_sequences = engine.positive("max_num_seqs").value_or(meta.max_sequences);
  meta.max_batched_tokens = engine.positive("max_num_batched_tokens").value_or(meta.max_batched_tokens);
  meta.max_context = engine.positive("max_model_len");
  meta.memory_utilization = cache.positive("gpu_memory_utilization").value_or(meta.memory_utilization);
  meta.block_tokens = cache.positive("block_size").value_or(meta.block_tokens);
  meta.caches_prefixes = cache.flag("enable_prefix_caching", true);
  meta.num_blocks = cache.positive("num_gpu_blocks");
  return meta;
}

LlamaServingMeta read_llama_serving_meta(const std::filesystem::path& file) {
  const json root = read_root(file);
  const Section engine(file, root, "engine_kwargs");
  LlamaServingMeta meta;
  meta.model = model_of(file, root, engine);
  meta.card = card_of(file, Section(file, root, "hardware"));
  meta.quantisation = text_of(root, "quantisation");
  const auto count = [&](std::string_view key, std::uint32_t otherwise) {
    return static_cast<std::uint32_t>(std::min(engine.positive(key).value_or(otherwise), 4e9));
  };
  serving::LlamaServer& server = meta.server;
  server.parallel = count("parallel", server.parallel);
  server.ctx_size = count("ctx_size", server.ctx_size);
  server.batch_size = count("batch_size", server.batch_size);
  server.ubatch_size = std::min(count("ubatch_size", server.ubatch_size), server.batch_size);
  server.flash_attn = engine.flag("flash_attn", server.flash_attn);
  server.cache_prompt = engine.flag("cache_prompt", server.cache_prompt);
  const auto cache_mib = engine.not_negative("cache_ram_mib");
  server.cache_ram = cache_mib ? Bytes::from_base(kMiB * *cache_mib) : serving::kLlamaCacheRam;
  if (server.parallel > server.ctx_size || server.parallel > server.batch_size) {
    fail(file, "engine_kwargs.parallel", "must be at most ctx_size and batch_size");
  }
  return meta;
}

}  // namespace labtwin::calibration
