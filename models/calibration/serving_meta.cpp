#include "models/calibration/serving_meta.hpp"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "models/base/error.hpp"
#include "models/base/file.hpp"

namespace labtwin::calibration {
namespace {

using nlohmann::json;

[[noreturn]] void fail(const std::filesystem::path& file, std::string key, std::string rule) {
  throw ConfigError({.place = {file.string(), 0, 0}, .key = std::move(key), .value = {}, .rule = std::move(rule), .hint = {}});
}

/// One object of the file; everything in it may be missing or null.
class Section {
 public:
  Section(const std::filesystem::path& file, const json& root, std::string name)
      : file_(file), name_(std::move(name)), object_(root.value(name_, json::object())) {
    if (!object_.is_object()) fail(file_, name_, "must be an object");
  }

  [[nodiscard]] std::optional<double> positive(std::string_view key) const {
    const auto found = object_.find(key);
    if (found == object_.end() || found->is_null()) return std::nullopt;
    if (!found->is_number() || found->get<double>() <= 0.0) fail(file_, path(key), "must be a number > 0");
    return found->get<double>();
  }
  [[nodiscard]] bool flag(std::string_view key, bool otherwise) const {
    const auto found = object_.find(key);
    return found != object_.end() && found->is_boolean() ? found->get<bool>() : otherwise;
  }
  [[nodiscard]] std::string text(std::string_view key) const {
    const auto found = object_.find(key);
    return found != object_.end() && found->is_string() ? found->get<std::string>() : std::string();
  }

 private:
  [[nodiscard]] std::string path(std::string_view key) const { return name_ + '.' + std::string(key); }

  const std::filesystem::path& file_;
  std::string name_;
  json object_;
};

}  // namespace

ServingMeta read_serving_meta(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) fail(file, {}, "is missing: it tells the engine's settings and the card");
  const json root = json::parse(read_text_file(file), nullptr, false);
  if (!root.is_object()) fail(file, {}, "is no JSON object");
  const Section engine(file, root, "engine_kwargs");
  const Section cache(file, root, "kv_cache");
  const Section hardware(file, root, "hardware");
  ServingMeta meta;
  meta.model = root.contains("model") && root["model"].is_string() ? root["model"].get<std::string>() : engine.text("model");
  if (meta.model.empty()) fail(file, "model", "must name the model");
  meta.card = hardware.text("device_name");
  if (meta.card.empty()) fail(file, "hardware.device_name", "must name the card");
  if (root.contains("vllm_version") && root["vllm_version"].is_string()) meta.engine_version = root["vllm_version"];
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

}  // namespace labtwin::calibration
