#include "models/serving/kv_cache.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string>
#include <utility>

#include "models/base/text.hpp"

namespace labtwin::serving {
namespace {

// llama.cpp rounds the cells of a window's cache up to this.
constexpr double kWindowPadding = 256.0;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::optional<double> element_bytes(const QuantTable& table, const std::string& name) {
  constexpr std::array<std::pair<std::string_view, double>, 8> kOthers = {{{"auto", 2.0},
                                                                           {"fp16", 2.0},
                                                                           {"bfloat16", 2.0},
                                                                           {"float16", 2.0},
                                                                           {"q8", 34.0 / 32.0},
                                                                           {"fp8", 1.0},
                                                                           {"int8", 1.0},
                                                                           {"e4m3", 1.0}}};
  if (const auto type = table.types.find(name); type != table.types.end()) return type->second.bits() / 8.0;
  for (const auto& [other, bytes] : kOthers) {
    if (name.starts_with(other)) return bytes;
  }
  return std::nullopt;
}

}  // namespace

std::optional<KvTypes> find_kv_types(const QuantTable& table, std::string_view text) {
  const std::string name = lower(trim(text));
  if (name.empty()) return KvTypes{};
  const std::size_t slash = name.starts_with("fp8") ? std::string::npos : name.find('/');
  const std::string key(trim(std::string_view(name).substr(0, std::min(slash, name.find(' ')))));
  const auto key_bytes = element_bytes(table, key);
  if (!key_bytes) return std::nullopt;
  if (slash == std::string::npos) return KvTypes{*key_bytes, *key_bytes};
  const auto value_bytes = element_bytes(table, std::string(trim(std::string_view(name).substr(slash + 1))));
  return KvTypes{*key_bytes, value_bytes.value_or(*key_bytes)};
}

bool has_kv_types(bool is_vllm, std::string_view text) {
  const std::string name = lower(trim(text));
  const bool is_fp8 = name.find("fp8") != std::string::npos;
  const bool is_quantised = !is_fp8 && name.find('q') != std::string::npos;
  return is_vllm ? !is_quantised : !is_fp8;
}

double window_cells(const SlidingWindow& window, double context, const KvLayout& layout) {
  const double cells = std::min(context, window.window * layout.sequences + layout.ubatch);
  return std::min(context, kWindowPadding * std::ceil(cells / kWindowPadding));
}

Bytes kv_cache_bytes(const ModelShape& shape, double context_tokens, const KvTypes& types, const KvLayout& layout) {
  if (shape.latent_attention && layout.absorbs_latent) {
    const LatentAttention& latent = *shape.latent_attention;
    const double cell =
        types.key * (latent.kv_rank + latent.rope_dim) + (layout.caches_latent_twice ? types.value * latent.kv_rank : 0.0);
    return Bytes::from_base(shape.kv_layers() * context_tokens * cell);
  }
  double key_size = static_cast<double>(shape.kv_heads) * shape.head_dim;
  double value_size = key_size;
  if (shape.latent_attention) {
    key_size = static_cast<double>(shape.heads) * (shape.latent_attention->key_dim + shape.latent_attention->rope_dim);
    value_size = static_cast<double>(shape.heads) * shape.latent_attention->value_dim;
  }
  const double cell = key_size * types.key + value_size * types.value;
  if (!shape.sliding_window || !layout.keeps_windows_only) return Bytes::from_base(shape.kv_layers() * context_tokens * cell);
  const SlidingWindow& window = *shape.sliding_window;
  const double global_size =
      static_cast<double>(window.global_kv_heads.value_or(shape.kv_heads)) * window.global_head_dim.value_or(shape.head_dim);
  const double global_cell = global_size * (types.key + types.value);
  return Bytes::from_base(shape.windowed_layers() * window_cells(window, context_tokens, layout) * cell +
                          shape.global_layers() * context_tokens * global_cell);
}

BytesPerToken kv_bytes_per_token(const ModelShape& shape, const KvTypes& types, const KvLayout& layout) {
  constexpr double kLong = 1e7;  // beyond every window
  const Bytes one_more = kv_cache_bytes(shape, kLong + 1024.0, types, layout) - kv_cache_bytes(shape, kLong, types, layout);
  return one_more / Tokens::from_base(1024.0);
}

Bytes state_bytes(const ModelShape& shape) {
  if (!shape.linear_attention) return Bytes{};
  constexpr double kFloat = 4.0;
  constexpr double kConvolution = 3.0;
  const LinearAttention& linear = *shape.linear_attention;
  const double recurrent = static_cast<double>(linear.value_heads) * linear.head_dim * linear.head_dim;
  const double channels = static_cast<double>(2 * linear.key_heads + linear.value_heads) * linear.head_dim;
  return Bytes::from_base(linear.layers * kFloat * (recurrent + kConvolution * channels));
}

}  // namespace labtwin::serving
