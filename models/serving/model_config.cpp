#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "models/base/error.hpp"
#include "models/base/file.hpp"
#include "models/base/text.hpp"
#include "models/serving/model_file.hpp"
#include "models/serving/model_weights.hpp"

namespace labtwin::serving {
namespace {

using Json = nlohmann::json;

// Larger than any config.json; smaller than a file of weights given by mistake.
constexpr std::uintmax_t kLargest = std::uintmax_t{16} << 20U;

[[noreturn]] void fail(const std::filesystem::path& path, std::string key, std::string rule, std::string value = {}) {
  Diagnostic diagnostic;
  diagnostic.place.file = path.string();
  diagnostic.key = std::move(key);
  diagnostic.value = std::move(value);
  diagnostic.rule = std::move(rule);
  throw ConfigError(std::move(diagnostic));
}

/// A reader of positive integers that may stand under several names.
class Config {
 public:
  Config(const std::filesystem::path& path, const Json& json) : path_(&path), json_(&json) {}

  [[nodiscard]] std::optional<int> find(std::initializer_list<const char*> names) const {
    for (const char* name : names) {
      const auto found = json_->find(name);
      if (found == json_->end() || found->is_null()) continue;
      const bool is_count =
          found->is_number_integer() && found->get<std::int64_t>() >= 0 && found->get<std::int64_t>() < (1 << 30);
      if (!is_count) fail(*path_, name, "must be a whole number", printable(found->dump()));
      return found->get<int>();
    }
    return std::nullopt;
  }

  [[nodiscard]] int required(std::initializer_list<const char*> names) const {
    const auto value = find(names);
    if (!value) fail(*path_, *names.begin(), "is missing: the shape of a model needs it");
    if (*value == 0) fail(*path_, *names.begin(), "must be at least 1", "0");
    return *value;
  }

  [[nodiscard]] bool flag(const char* name, bool fallback) const {
    const auto found = json_->find(name);
    return found != json_->end() && found->is_boolean() ? found->get<bool>() : fallback;
  }

  /// The method that the weights were published quantised with; empty where there is none.
  [[nodiscard]] std::string quantised_by() const {
    const auto method = json_->value(Json::json_pointer("/quantization_config/quant_method"), Json());
    return method.is_string() ? method.get<std::string>() : std::string();
  }

 private:
  const std::filesystem::path* path_;
  const Json* json_;
};

std::optional<ExpertShape> experts_of(const Config& config) {
  const auto count = config.find({"n_routed_experts", "num_experts", "num_local_experts"});
  if (!count || *count == 0) return std::nullopt;
  ExpertShape experts;
  experts.count = *count;
  experts.used = config.required({"num_experts_per_tok", "num_experts_per_token", "top_k_experts"});
  experts.intermediate_size = config.required({"moe_intermediate_size", "intermediate_size"});
  experts.shared = config.find({"n_shared_experts", "num_shared_experts"}).value_or(0);
  experts.first_dense_layers = config.find({"first_k_dense_replace"}).value_or(0);
  experts.in_mxfp4 = config.quantised_by() == "mxfp4";
  return experts;
}

std::optional<LatentAttention> latent_attention_of(const Config& config) {
  const auto rank = config.find({"kv_lora_rank"});
  if (!rank || *rank == 0) return std::nullopt;
  LatentAttention latent;
  latent.kv_rank = *rank;
  latent.rope_dim = config.required({"qk_rope_head_dim"});
  latent.key_dim = config.required({"qk_nope_head_dim"});
  latent.value_dim = config.required({"v_head_dim"});
  latent.query_rank = config.find({"q_lora_rank"});
  return latent;
}

/// Which layers have a window is told layer by layer, by a pattern, or not at all.
std::optional<SlidingWindow> sliding_window_of(const Config& config, const Json& json) {
  const auto window = config.find({"sliding_window"});
  if (!window || *window == 0 || !config.flag("use_sliding_window", true)) return std::nullopt;
  SlidingWindow sliding{.window = *window};
  sliding.global_every = config.find({"sliding_window_pattern", "_sliding_window_pattern"});
  const auto types = json.find("layer_types");
  if (types == json.end() || !types->is_array()) return sliding;
  const auto full = std::count(types->begin(), types->end(), Json("full_attention"));
  if (full == static_cast<std::ptrdiff_t>(types->size())) return std::nullopt;
  sliding.global_every.reset();
  if (full > 0) sliding.global_every = static_cast<int>(types->size()) / static_cast<int>(full);
  return sliding;
}

/// Encoders and classifiers have checkpoints of the same form.
void check_writes_text(const std::filesystem::path& path, const Json& json) {
  const auto told = json.find("architectures");
  if (told == json.end() || !told->is_array() || told->empty() || !told->front().is_string()) return;
  const auto name = told->front().get<std::string>();
  for (const std::string_view other : {"Bert", "BERT", "Roberta", "MaskedLM", "Classification", "Whisper", "CLIP"}) {
    if (name.find(other) != std::string::npos) fail(path, "architectures", "is of no model that writes text", printable(name));
  }
}

Json parse(const std::filesystem::path& path) {
  Json json = Json::parse(read_text_file(path, kLargest), nullptr, false);
  if (json.is_discarded() || !json.is_object()) fail(path, {}, "is no JSON object: a config.json of a checkpoint is expected");
  check_writes_text(path, json);
  const auto text = json.find("text_config");
  if (text != json.end() && text->is_object()) {
    Json of_text = *text;
    return of_text;
  }
  return json;
}

}  // namespace

ModelFile read_model_config(const std::filesystem::path& path) {
  const Json json = parse(path);
  const Config config(path, json);
  ModelFile file;
  file.name = path.string();
  ModelShape& shape = file.shape;
  shape.layers = config.required({"num_hidden_layers", "n_layer", "num_layers"});
  shape.hidden_size = config.required({"hidden_size", "n_embd", "d_model"});
  shape.heads = config.required({"num_attention_heads", "n_head"});
  shape.kv_heads = config.find({"num_key_value_heads"}).value_or(shape.heads);
  shape.head_dim = config.find({"head_dim"}).value_or(shape.hidden_size / shape.heads);
  shape.vocabulary = config.required({"vocab_size"});
  shape.intermediate_size = config.find({"intermediate_size", "n_inner"});
  shape.tied_embeddings = config.flag("tie_word_embeddings", false);
  shape.max_context = config.find({"max_position_embeddings", "n_positions"}).value_or(4096);
  shape.experts = experts_of(config);
  shape.latent_attention = latent_attention_of(config);
  shape.sliding_window = sliding_window_of(config, json);
  if (shape.kv_heads <= 0 || shape.head_dim <= 0) fail(path, "num_key_value_heads", "must be > 0");
  if (shape.heads % shape.kv_heads != 0) {
    fail(path, "num_key_value_heads", fmt::format("must divide the {} of num_attention_heads", shape.heads),
         std::to_string(shape.kv_heads));
  }
  const ParameterCount count = count_parameters(shape);
  shape.num_parameters = count.all;
  shape.active_parameters = count.active;
  return file;
}

ModelFile read_model_file(const std::filesystem::path& path, const QuantTable& quants) {
  if (std::filesystem::is_directory(path)) {
    if (std::filesystem::exists(path / "config.json")) return read_model_config(path / "config.json");
    fail(path, {}, "is a folder without a config.json: name a checkpoint's folder, its config.json or a GGUF file");
  }
  return path.extension() == ".json" ? read_model_config(path) : read_gguf_header(path, quants);
}

}  // namespace labtwin::serving
