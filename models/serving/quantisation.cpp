#include "models/serving/quantisation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <initializer_list>
#include <utility>

#include "models/base/text.hpp"

namespace labtwin::serving {
namespace {

/// Blocks of 32 with 4 bits each and a scale of 8.
constexpr double kMxfp4Bits = 4.25;

constexpr std::array<std::string_view, 13> kMixes = {"q2_k_s", "q3_k_s", "q3_k_m", "q3_k_l", "q4_k_s", "q4_k_m", "q5_k_s",
                                                     "q5_k_m", "iq2_m",  "iq3_xs", "iq3_m",  "q2_k",   "q6_k"};

// Names of llama.cpp files and repackers beside the mix that they come nearest to.
constexpr std::array<std::pair<std::string_view, std::string_view>, 21> kSameAs = {
    {{"q2_k_m", "q2_k"},     {"q2_k_xl", "q2_k"},   {"q2_k_l", "q2_k"},     {"q3_k", "q3_k_m"},  {"q3_k_xl", "q3_k_l"},
     {"q4_k", "q4_k_m"},     {"q4_k_l", "q4_k_m"},  {"q4_k_xl", "q4_k_m"},  {"q4", "q4_k_m"},    {"q5_k", "q5_k_m"},
     {"q5_k_l", "q5_k_m"},   {"q5_k_xl", "q5_k_m"}, {"q6_k_l", "q6_k"},     {"q6_k_xl", "q6_k"}, {"q8", "q8_0"},
     {"q8_k", "q8_0"},       {"q8_k_xl", "q8_0"},   {"mxfp4_moe", "mxfp4"}, {"fp16", "f16"},     {"fp32", "f32"},
     {"iq4_nl_xl", "iq4_nl"}}};

// Parts of names and the format that they tell, most telling first.
constexpr std::array<std::pair<std::string_view, std::string_view>, 19> kTold = {{{"nvfp4", "nvfp4"},
                                                                                  {"modelopt_fp4", "nvfp4"},
                                                                                  {"mxfp4", "mxfp4-native"},
                                                                                  {"awq", "awq-int4"},
                                                                                  {"gptq-int8", "gptq-int8"},
                                                                                  {"int4-g32", "int4-g32"},
                                                                                  {"w4a16-g32", "gptq-int4-g32"},
                                                                                  {"gptq", "gptq-int4"},
                                                                                  {"autoround", "autoround-int4"},
                                                                                  {"fp8", "fp8"},
                                                                                  {"bnb", "nf4"},
                                                                                  {"nf4", "nf4"},
                                                                                  {"w4a16", "int4-g128"},
                                                                                  {"int4", "int4-g128"},
                                                                                  {"int8", "int8"},
                                                                                  {"w8a", "int8"},
                                                                                  {"4bit", "mlx-4bit"},
                                                                                  {"6bit", "mlx-6bit"},
                                                                                  {"8bit", "mlx-8bit"}}};

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

void drop_prefix(std::string& text, std::string_view prefix) {
  if (text.starts_with(prefix)) text.erase(0, prefix.size());
}

void drop_suffix(std::string& text, std::string_view suffix) {
  if (text.ends_with(suffix)) text.erase(text.size() - suffix.size());
}

/// `Q4_K - Medium` as `q4_k_m`, `UD-IQ2_M` as `iq2_m`, `Q4_K_R4` as `q4_k`.
std::string mix_name(std::string text) {
  for (const std::string_view prefix : {"gguf-", "unsloth-dynamic-", "unsloth ", "ud-"}) drop_prefix(text, prefix);
  const std::size_t dash = text.find(" - ");
  if (dash != std::string::npos) {
    const std::string size = text.substr(dash + 3);
    text.erase(dash);
    if (size == "small") text += "_s";
    if (size == "medium") text += "_m";
    if (size == "large") text += "_l";
  }
  text = text.substr(0, text.find_first_of(" ,("));
  for (const std::string_view suffix : {"_r4", "_r8", "_r16"}) drop_suffix(text, suffix);
  for (const auto& [name, same] : kSameAs) {
    if (text == name) return std::string(same);
  }
  return text;
}

/// The number before `bpw` in `exl3-6.0bpw-mcg` or `4.25 bpw`.
std::optional<double> bits_per_weight(const std::string& text) {
  const std::size_t end = text.find("bpw");
  if (end == std::string::npos) return std::nullopt;
  std::size_t last = end;
  while (last > 0 && text[last - 1] == ' ') --last;
  std::size_t first = last;
  while (first > 0 && (std::isdigit(static_cast<unsigned char>(text[first - 1])) != 0 || text[first - 1] == '.')) --first;
  const double bits = std::strtod(text.substr(first, last - first).c_str(), nullptr);
  return bits > 0.5 && bits <= 32.0 ? std::optional<double>(bits) : std::nullopt;
}

bool is_mix(const QuantTable& table, std::string_view name) {
  return table.types.contains(name) || std::find(kMixes.begin(), kMixes.end(), name) != kMixes.end();
}

}  // namespace

QuantTable read_quant_table(const Document& document, DiagnosticSink& sink) {
  QuantTable table;
  TableReader root(document, sink);
  static_cast<void>(root.table("source").required<std::string>("text"));
  for (TableReader& type : root.named_tables("types")) {
    table.types[type.name()] = {.weights = type.required<int>("weights", at_least(1.0)),
                                .bytes = type.required<int>("bytes", at_least(1.0))};
  }
  for (TableReader& format : root.named_tables("formats")) {
    table.formats[format.name()] = {.bits = format.required<double>("bits", kPositive),
                                    .embedding_bits = format.value_or<double>("embedding_bits", 16.0, kPositive)};
  }
  root.finish();
  return table;
}

std::optional<Quantisation> Quantisation::find(const QuantTable& table, std::string_view text) {
  const std::string name = lower(trim(text));
  Quantisation quant;
  quant.name_ = name;
  if (const auto format = table.formats.find(name); format != table.formats.end()) {
    quant.format_ = format->second;
    return quant;
  }
  if (std::string mix = mix_name(name); is_mix(table, mix)) {
    quant.mix_ = std::move(mix);
    quant.types_ = table.types;
    return quant;
  }
  if (const auto bits = bits_per_weight(name)) {
    quant.format_ = {.bits = *bits, .embedding_bits = name.starts_with("exl") ? 16.0 : *bits};
    return quant;
  }
  for (const auto& [part, format] : kTold) {
    if (name.find(part) == std::string::npos) continue;
    quant.format_ = table.formats.at(std::string(format));
    return quant;
  }
  return std::nullopt;
}

Quantisation Quantisation::parse(const QuantTable& table, std::string_view text) {
  if (auto quant = find(table, text)) return *std::move(quant);
  const std::vector<std::string> names = quant_names(table);
  Diagnostic diagnostic;
  diagnostic.key = "quant";
  diagnostic.value = fmt::format("\"{}\"", printable(text));
  diagnostic.rule = "is no known quantisation";
  diagnostic.hint = nearest_names_hint(lower(text), names);
  throw ConfigError(std::move(diagnostic));
}

Quantisation Quantisation::uniform(std::string name, UniformFormat format) {
  Quantisation quant;
  quant.name_ = std::move(name);
  quant.format_ = format;
  return quant;
}

double Quantisation::bits(const TensorPlace& place) const {
  if (place.kept_in_mxfp4) return kMxfp4Bits;
  if (is_gguf()) return types_.find(gguf_tensor_type(mix_, place))->second.bits();
  if (place.role == TensorRole::Other) return 16.0;
  const bool is_embedding = place.role == TensorRole::TokenEmbedding || place.role == TensorRole::Output;
  return is_embedding ? format_.embedding_bits : format_.bits;
}

std::vector<std::string> quant_names(const QuantTable& table) {
  std::vector<std::string> names(kMixes.begin(), kMixes.end());
  for (const auto& [name, type] : table.types) names.push_back(name);
  for (const auto& [name, format] : table.formats) names.push_back(name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace labtwin::serving
