// GGUF as ggml-org/ggml docs/gguf.md has it: magic, version, two counts, keys with typed values, tensors. All little endian.
// Only the header is read; the weights that follow are counted by their types.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <map>
#include <utility>
#include <vector>

#include "models/base/error.hpp"
#include "models/serving/model_file.hpp"
#include "models/serving/model_weights.hpp"

namespace labtwin::serving {
namespace {

// Beyond what any header holds; a length above is a broken file, not a reason to allocate.
constexpr std::uint64_t kMostItems = std::uint64_t{1} << 24U;
constexpr std::uint64_t kLongestName = std::uint64_t{1} << 24U;

constexpr std::array<std::string_view, 40> kTypeNames = {
    "f32",    "f16",   "q4_0",  "q4_1",   "",      "",      "q5_0",    "q5_1",   "q8_0",    "q8_1",
    "q2_k",   "q3_k",  "q4_k",  "q5_k",   "q6_k",  "q8_k",  "iq2_xxs", "iq2_xs", "iq3_xxs", "iq1_s",
    "iq4_nl", "iq3_s", "iq2_s", "iq4_xs", "",      "",      "",        "",       "",        "iq1_m",
    "bf16",   "",      "",      "",       "tq1_0", "tq2_0", "",        "",       "",        "mxfp4"};

class GgufReader {
 public:
  explicit GgufReader(const std::filesystem::path& path) : path_(path), file_(path, std::ios::binary) {
    if (!file_) fail(fmt::format("cannot be read: {}", std::strerror(errno)));
  }

  [[noreturn]] void fail(std::string rule) const {
    Diagnostic diagnostic;
    diagnostic.place.file = path_.string();
    diagnostic.rule = std::move(rule);
    throw ConfigError(std::move(diagnostic));
  }

  template <class T>
  T read() {
    std::array<char, sizeof(T)> bytes{};
    read_bytes(bytes.data(), bytes.size());
    T value{};
    std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }

  std::string read_string() {
    const auto length = read<std::uint64_t>();
    if (length > kLongestName) fail("is broken: a text in its header is too long");
    std::string text(static_cast<std::size_t>(length), '\0');
    read_bytes(text.data(), text.size());
    return text;
  }

  std::uint64_t read_count() {
    const auto count = read<std::uint64_t>();
    if (count > kMostItems) fail("is broken: its header names too many items");
    return count;
  }

 private:
  void read_bytes(char* to, std::size_t size) {
    file_.read(to, static_cast<std::streamsize>(size));
    if (static_cast<std::size_t>(file_.gcount()) != size) fail("is cut off within its header: fetch it again");
  }

  std::filesystem::path path_;
  std::ifstream file_;
};

/// Numbers and texts of the keys; of an array only its length and largest number.
struct GgufKeys {
  std::map<std::string, double> numbers;
  std::map<std::string, std::string> texts;
};

enum class ValueType : std::uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };

std::optional<double> read_number(GgufReader& reader, ValueType type) {
  switch (type) {
    case ValueType::U8:
    case ValueType::Bool:
      return reader.read<std::uint8_t>();
    case ValueType::I8:
      return reader.read<std::int8_t>();
    case ValueType::U16:
      return reader.read<std::uint16_t>();
    case ValueType::I16:
      return reader.read<std::int16_t>();
    case ValueType::U32:
      return reader.read<std::uint32_t>();
    case ValueType::I32:
      return reader.read<std::int32_t>();
    case ValueType::F32:
      return static_cast<double>(reader.read<float>());
    case ValueType::U64:
      return static_cast<double>(reader.read<std::uint64_t>());
    case ValueType::I64:
      return static_cast<double>(reader.read<std::int64_t>());
    case ValueType::F64:
      return reader.read<double>();
    case ValueType::String:
    case ValueType::Array:
      return std::nullopt;
  }
  reader.fail("is broken: its header has a value of unknown type");
}

void read_array(GgufReader& reader, const std::string& key, GgufKeys& keys) {
  const auto type = static_cast<ValueType>(reader.read<std::uint32_t>());
  const std::uint64_t count = reader.read_count();
  keys.numbers[key + ".length"] = static_cast<double>(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (type == ValueType::String) {
      static_cast<void>(reader.read_string());
    } else if (const auto number = read_number(reader, type)) {
      double& largest = keys.numbers[key];
      largest = std::max(largest, *number);
    } else {
      reader.fail("is broken: its header has an array of arrays");
    }
  }
}

GgufKeys read_keys(GgufReader& reader, std::uint64_t count) {
  GgufKeys keys;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string key = reader.read_string();
    const auto type = static_cast<ValueType>(reader.read<std::uint32_t>());
    if (type == ValueType::String) {
      keys.texts[key] = reader.read_string();
    } else if (type == ValueType::Array) {
      read_array(reader, key, keys);
    } else if (const auto number = read_number(reader, type)) {
      keys.numbers[key] = *number;
    }
  }
  return keys;
}

/// Elements and bits of the tensors, token embedding and head apart.
struct Stored {
  double elements = 0.0;
  double bits = 0.0;
  double table_elements = 0.0;
  double table_bits = 0.0;
  bool has_head = false;
};

void read_tensors(GgufReader& reader, std::uint64_t count, const QuantTable& quants, Stored& stored) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string name = reader.read_string();
    const auto dimensions = reader.read<std::uint32_t>();
    if (dimensions > 8) reader.fail("is broken: a tensor of its header has too many dimensions");
    double elements = 1.0;
    for (std::uint32_t d = 0; d < dimensions; ++d) elements *= static_cast<double>(reader.read<std::uint64_t>());
    const auto type = reader.read<std::uint32_t>();
    static_cast<void>(reader.read<std::uint64_t>());
    const std::string_view type_name = type < kTypeNames.size() ? kTypeNames.at(type) : std::string_view{};
    const auto known = quants.types.find(type_name);
    const double bits = elements * (known != quants.types.end() ? known->second.bits() : 4.5);
    const bool is_table = name == "token_embd.weight" || name == "output.weight";
    (is_table ? stored.table_elements : stored.elements) += elements;
    (is_table ? stored.table_bits : stored.bits) += bits;
    stored.has_head = stored.has_head || name == "output.weight";
  }
}

/// The counts of tensors and keys, which the magic and the version precede.
std::pair<std::uint64_t, std::uint64_t> read_counts(GgufReader& reader) {
  constexpr std::uint32_t kMagic = 0x46554747;  // "GGUF"
  if (reader.read<std::uint32_t>() != kMagic) reader.fail("is neither a GGUF file nor a config.json");
  const auto version = reader.read<std::uint32_t>();
  if (version < 2 || version > 3) reader.fail(fmt::format("is GGUF of version {}: 2 and 3 are known", version));
  const std::uint64_t num_tensors = reader.read_count();
  return {num_tensors, reader.read_count()};
}

/// The parts of a model that was split for its size, `-00001-of-00003.gguf` and so on, but for the first.
std::vector<std::filesystem::path> other_parts(const GgufReader& reader, const GgufKeys& keys,
                                               const std::filesystem::path& path) {
  const auto count = keys.numbers.find("split.count");
  if (count == keys.numbers.end() || count->second <= 1.0) return {};
  const std::string name = path.stem().string();
  const std::size_t at = name.rfind("-00001-of-");
  if (at == std::string::npos) reader.fail("is not the first part of its model: name the file that ends in -00001-of-N.gguf");
  std::vector<std::filesystem::path> parts;
  for (int part = 2; part <= static_cast<int>(std::min(count->second, 99999.0)); ++part) {
    parts.push_back(path.parent_path() / fmt::format("{}-{:05}{}.gguf", name.substr(0, at), part, name.substr(at + 6)));
    if (!std::filesystem::exists(parts.back())) {
      reader.fail(
          fmt::format("is one of {:.0f} parts, of which {} is not beside it", count->second, parts.back().filename().string()));
    }
  }
  return parts;
}

class ShapeKeys {
 public:
  ShapeKeys(const GgufReader& reader, const GgufKeys& keys) : reader_(&reader), keys_(&keys) {
    const auto found = keys.texts.find("general.architecture");
    if (found == keys.texts.end()) reader.fail("tells no general.architecture: it holds no language model");
    architecture_ = found->second;
  }

  [[nodiscard]] std::optional<int> find(const std::string& name) const {
    const auto found = keys_->numbers.find(architecture_ + "." + name);
    if (found == keys_->numbers.end() || found->second < 0.0 || found->second > 1e9) return std::nullopt;
    return static_cast<int>(found->second);
  }
  [[nodiscard]] int required(const std::string& name) const {
    const auto value = find(name);
    if (!value || *value == 0) reader_->fail(fmt::format("tells no {}.{}: the shape of a model needs it", architecture_, name));
    return *value;
  }

 private:
  const GgufReader* reader_;
  const GgufKeys* keys_;
  std::string architecture_;
};

ModelShape shape_of(const GgufReader& reader, const GgufKeys& keys, const Stored& stored) {
  const ShapeKeys told(reader, keys);
  ModelShape shape;
  shape.layers = told.required("block_count");
  shape.hidden_size = told.required("embedding_length");
  shape.heads = told.required("attention.head_count");
  shape.kv_heads = told.find("attention.head_count_kv").value_or(shape.heads);
  shape.head_dim = told.find("attention.key_length").value_or(shape.hidden_size / shape.heads);
  shape.intermediate_size = told.find("feed_forward_length");
  shape.max_context = told.find("context_length").value_or(4096);
  shape.tied_embeddings = !stored.has_head;
  const auto tokens = keys.numbers.find("tokenizer.ggml.tokens.length");
  const double columns = (stored.has_head ? 2.0 : 1.0) * shape.hidden_size;
  shape.vocabulary = static_cast<int>(tokens != keys.numbers.end() ? tokens->second : stored.table_elements / columns);
  if (const auto experts = told.find("expert_count"); experts && *experts > 0) {
    shape.experts =
        ExpertShape{.count = *experts,
                    .used = told.required("expert_used_count"),
                    .intermediate_size = told.find("expert_feed_forward_length").value_or(shape.intermediate_size.value_or(1)),
                    .shared = told.find("expert_shared_count").value_or(0),
                    .first_dense_layers = told.find("leading_dense_block_count").value_or(0)};
  }
  if (const auto rank = told.find("attention.kv_lora_rank"); rank && *rank > 0) {
    const int rope = told.required("rope.dimension_count");
    const int key = told.find("attention.key_length_mla").value_or(shape.head_dim);
    const int value = told.find("attention.value_length_mla").value_or(told.find("attention.value_length").value_or(128));
    shape.latent_attention = LatentAttention{.kv_rank = *rank,
                                             .rope_dim = rope,
                                             .key_dim = std::max(1, key - rope),
                                             .value_dim = value,
                                             .query_rank = told.find("attention.q_lora_rank")};
  }
  if (const auto window = told.find("attention.sliding_window"); window && *window > 0) {
    shape.sliding_window = SlidingWindow{.window = *window, .global_every = told.find("attention.sliding_window_pattern")};
  }
  shape.num_parameters = stored.elements + stored.table_elements;
  shape.active_parameters = std::min(shape.num_parameters, count_parameters(shape).active);
  return shape;
}

}  // namespace

ModelFile read_gguf_header(const std::filesystem::path& path, const QuantTable& quants) {
  GgufReader reader(path);
  const auto [num_tensors, num_keys] = read_counts(reader);
  const GgufKeys keys = read_keys(reader, num_keys);
  Stored stored;
  read_tensors(reader, num_tensors, quants, stored);
  for (const std::filesystem::path& other : other_parts(reader, keys, path)) {
    GgufReader part(other);
    const auto [more_tensors, more_keys] = read_counts(part);
    static_cast<void>(read_keys(part, more_keys));
    read_tensors(part, more_tensors, quants, stored);
  }
  if (stored.elements <= 0.0 || stored.table_elements <= 0.0) reader.fail("holds no weights of a language model");
  ModelFile file;
  file.name = path.filename().string();
  file.shape = shape_of(reader, keys, stored);
  file.quant = Quantisation::uniform(
      "as in the file", {.bits = stored.bits / stored.elements, .embedding_bits = stored.table_bits / stored.table_elements});
  return file;
}

}  // namespace labtwin::serving
