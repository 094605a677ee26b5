#include <algorithm>
#include <array>

#include "models/serving/quantisation.hpp"

namespace labtwin::serving {
namespace {

using Role = TensorRole;

bool is_any(std::string_view mix, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), mix) != names.end();
}

/// The layers at both ends and every third between: llama.cpp's `use_more_bits`.
bool wants_more_bits(const TensorPlace& at) {
  const int eighth = at.num_layers / 8;
  return at.layer < eighth || at.layer >= 7 * at.num_layers / 8 || (at.layer - eighth) % 3 == 2;
}

bool in_first_eighth(const TensorPlace& at) {
  return at.layer < at.num_layers / 8;
}

/// The type that most tensors of a mix have.
std::string_view base_type(std::string_view mix) {
  struct Base {
    std::string_view mix;
    std::string_view type;
  };
  static constexpr std::array<Base, 13> kBases = {{{"q2_k_s", "q2_k"},
                                                   {"q3_k_s", "q3_k"},
                                                   {"q3_k_m", "q3_k"},
                                                   {"q3_k_l", "q3_k"},
                                                   {"q4_k_s", "q4_k"},
                                                   {"q4_k_m", "q4_k"},
                                                   {"q5_k_s", "q5_k"},
                                                   {"q5_k_m", "q5_k"},
                                                   {"iq2_s", "iq2_xs"},
                                                   {"iq2_m", "iq2_s"},
                                                   {"iq3_xs", "iq3_s"},
                                                   {"iq3_m", "iq3_s"},
                                                   {"iq1_m", "iq1_m"}}};
  const auto found = std::find_if(kBases.begin(), kBases.end(), [&](const Base& base) { return base.mix == mix; });
  return found == kBases.end() ? mix : found->type;
}

bool is_low_bit(std::string_view mix) {
  return is_any(mix, {"iq1_s", "iq1_m", "iq2_xxs", "iq2_xs", "iq2_s", "iq2_m"});
}

bool is_plain(std::string_view mix) {
  return is_any(mix, {"f32", "f16", "bf16", "q8_0"});
}

std::string_view output_type(std::string_view mix) {
  if (is_plain(mix)) return mix;
  if (mix == "mxfp4") return "q8_0";
  if (is_low_bit(mix) || mix == "iq3_xxs") return "q5_k";
  return "q6_k";
}

std::string_view embedding_type(std::string_view mix) {
  if (mix == "mxfp4") return "q8_0";
  if (is_any(mix, {"iq1_s", "iq1_m", "iq2_xxs", "iq2_xs"})) return "q2_k";
  if (is_any(mix, {"iq2_s", "iq2_m", "iq3_xxs"})) return "iq3_s";
  return base_type(mix);
}

std::string_view low_bit_type(std::string_view mix, const TensorPlace& at) {
  const bool larger = is_any(mix, {"iq2_s", "iq2_m"});
  switch (at.role) {
    case Role::AttentionValue:
      return at.grouped_queries || at.num_experts >= 4 ? "q4_k" : (larger ? "iq3_s" : "q2_k");
    case Role::AttentionKey:
      return at.num_experts == 8 ? "q4_k" : base_type(mix);
    case Role::FeedForwardDown:
      return in_first_eighth(at) ? (larger ? "iq3_s" : "q2_k") : base_type(mix);
    case Role::AttentionOutput:
      if (at.num_experts == 8) return "q5_k";
      if (is_any(mix, {"iq1_s", "iq1_m"})) return "iq2_xxs";
      return larger ? "iq3_s" : base_type(mix);
    case Role::TokenEmbedding:
    case Role::Output:
    case Role::AttentionQuery:
    case Role::FeedForwardUp:
    case Role::FeedForwardGate:
    case Role::Other:
      return base_type(mix);
  }
  return base_type(mix);
}

std::string_view value_type(std::string_view mix, const TensorPlace& at) {
  if (mix == "q2_k") return at.grouped_queries ? "q4_k" : "q3_k";
  if (at.num_experts == 8 && !is_plain(mix)) return "q8_0";
  if (is_any(mix, {"q2_k_s", "iq3_xxs", "iq3_xs", "iq3_s"}) && at.grouped_queries) return "q4_k";
  if (mix == "iq3_m") return "q4_k";
  if (mix == "q3_k_m") return at.layer < 2 ? "q5_k" : "q4_k";
  if (mix == "q3_k_l") return "q5_k";
  if (is_any(mix, {"iq4_nl", "iq4_xs"}) && at.grouped_queries) return "q5_k";
  if (is_any(mix, {"q4_k_m", "q5_k_m"}) && wants_more_bits(at)) return "q6_k";
  if (mix == "q4_k_s" && at.layer < 4) return "q5_k";
  return base_type(mix);
}

std::string_view down_type(std::string_view mix, const TensorPlace& at) {
  if (mix == "q2_k") return "q3_k";
  if (mix == "q2_k_s" && in_first_eighth(at)) return "q4_k";
  if (mix == "q3_k_m") return at.layer < at.num_layers / 16 ? "q5_k" : "q4_k";
  if (mix == "q3_k_l") return "q5_k";
  if (mix == "iq3_m" && in_first_eighth(at)) return "q4_k";
  if (is_any(mix, {"q4_k_m", "q5_k_m"}) && wants_more_bits(at)) return "q6_k";
  if (is_any(mix, {"iq4_nl", "iq4_xs", "q4_k_s"}) && in_first_eighth(at)) return "q5_k";
  return base_type(mix);
}

std::string_view attention_output_type(std::string_view mix, const TensorPlace& at) {
  const bool is_small =
      is_any(mix, {"q2_k", "iq3_xs", "iq3_xxs", "q3_k_s", "q3_k_m", "iq4_nl", "q4_k_s", "q4_k_m", "iq3_s", "iq3_m", "iq4_xs"});
  if (at.num_experts == 8 && is_small) return "q5_k";
  if (mix == "q2_k") return "q3_k";
  if (mix == "iq3_xxs") return "iq3_s";
  if (is_any(mix, {"q3_k_m", "iq3_m"})) return "q4_k";
  if (mix == "q3_k_l") return "q5_k";
  return base_type(mix);
}

std::string_view query_or_key_type(std::string_view mix, const TensorPlace& at) {
  if (at.role == Role::AttentionKey && at.num_experts == 8 && !is_plain(mix)) return "q8_0";
  if (mix == "iq3_xs") return "iq3_xxs";
  if (mix == "iq3_xxs") return "iq2_s";
  return base_type(mix);
}

std::string_view up_or_gate_type(std::string_view mix, const TensorPlace& at) {
  const bool in_middle = at.layer >= at.num_layers / 8 && at.layer < 7 * at.num_layers / 8;
  return mix == "iq3_xs" && in_middle ? "iq3_xxs" : base_type(mix);
}

std::string_view chosen_type(std::string_view mix, const TensorPlace& at) {
  switch (at.role) {
    case Role::Output:
      return output_type(mix);
    case Role::TokenEmbedding:
      return embedding_type(mix);
    case Role::Other:
      return "f32";
    case Role::AttentionValue:
      if (!is_low_bit(mix)) return mix == "mxfp4" ? "q8_0" : value_type(mix, at);
      break;
    case Role::FeedForwardDown:
      if (!is_low_bit(mix)) return down_type(mix, at);
      break;
    case Role::AttentionOutput:
      if (!is_low_bit(mix)) return mix == "mxfp4" ? "q8_0" : attention_output_type(mix, at);
      break;
    case Role::AttentionQuery:
    case Role::AttentionKey:
      if (!is_low_bit(mix)) return mix == "mxfp4" ? "q8_0" : query_or_key_type(mix, at);
      break;
    case Role::FeedForwardUp:
    case Role::FeedForwardGate:
      if (!is_low_bit(mix)) return up_or_gate_type(mix, at);
      break;
  }
  return low_bit_type(mix, at);
}

/// What llama.cpp takes where a row is no multiple of 256.
std::string_view for_odd_rows(std::string_view type) {
  if (type == "q4_k") return "q5_0";
  if (type == "q5_k") return "q5_1";
  if (type == "q6_k") return "q8_0";
  const bool has_small_blocks = is_plain(type) || type == "mxfp4" || type.ends_with("_0") || type.ends_with("_1");
  return has_small_blocks ? type : "iq4_nl";
}

}  // namespace

std::string_view gguf_tensor_type(std::string_view mix, const TensorPlace& place) {
  const std::string_view type = chosen_type(mix, place);
  return place.row % 256 == 0 ? type : for_odd_rows(type);
}

}  // namespace labtwin::serving
