#pragma once

// How many bytes weights take: storage types with their blocks, the mixes of them that llama.cpp calls `Q4_K_M` and so on, and
// the formats of checkpoints for other engines.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/table_reader.hpp"
#include "models/serving/model_shape.hpp"

namespace labtwin::serving {

/// Weights are stored in blocks of this many, each with its scales.
struct BlockType {
  int weights = 1;
  int bytes = 0;
  [[nodiscard]] double bits() const noexcept { return 8.0 * bytes / weights; }
};

/// A format that treats all linear layers alike.
struct UniformFormat {
  double bits = 16.0;
  double embedding_bits = 16.0;  ///< of token embeddings and output head
};

/// What models/catalog/quantisation.toml lists.
struct QuantTable {
  std::map<std::string, BlockType, std::less<>> types;
  std::map<std::string, UniformFormat, std::less<>> formats;
};
[[nodiscard]] QuantTable read_quant_table(const Document& document, DiagnosticSink& sink);

/// What a weight is for; mixes give some more bits.
enum class TensorRole : unsigned char {
  TokenEmbedding,
  Output,
  AttentionQuery,
  AttentionKey,
  AttentionValue,
  AttentionOutput,
  FeedForwardUp,
  FeedForwardGate,
  FeedForwardDown,
  Other  ///< norms, routers, biases: kept in FP32
};

/// Where a tensor stands, as far as mixes ask.
struct TensorPlace {
  TensorRole role = TensorRole::Other;
  int layer = 0;
  int num_layers = 1;
  int row = 256;                 ///< weights in a row: types with blocks of 256 need a multiple of that
  bool grouped_queries = false;  ///< four or more query heads per KV head
  int num_experts = 0;
  bool kept_in_mxfp4 = false;  ///< published in that type, and in it in every file
};

/// Law:    llama.cpp's choice of a storage type per tensor of a mix (`llama_tensor_get_type`), without an importance matrix
///         for the types that ask for one
/// Inputs: the mix in lower case (`q4_k_m`) and the tensor's place
/// Valid:  mixes of llama.cpp; a plain type (`q6_k`, `iq4_k`) is used for all tensors but embeddings and output
/// Source: ggml-org/llama.cpp src/llama-quant.cpp
/// Error:  file sizes of Llama 2 and 3 (7B to 405B) within 2.5 %, see tests/unit/serving/quantisation_test.cpp
[[nodiscard]] std::string_view gguf_tensor_type(std::string_view mix, const TensorPlace& place);

/// How a model's weights are stored: a GGUF mix or a uniform format.
class Quantisation {
 public:
  /// Understands what people and files write: `Q4_K_M`, `UD-Q4_K_XL`, `Q4_K - Medium`, `IQ4_K_R4`, `awq-int4`, `exl3 4.0bpw`,
  /// `FP8`. Nothing if it is no known quantisation.
  [[nodiscard]] static std::optional<Quantisation> find(const QuantTable& table, std::string_view text);
  /// As find(); throws ConfigError with the nearest name.
  [[nodiscard]] static Quantisation parse(const QuantTable& table, std::string_view text);
  /// All linear layers and embeddings with this many bits: what a file of known size has on average.
  [[nodiscard]] static Quantisation uniform(std::string name, UniformFormat format);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] bool is_gguf() const noexcept { return !mix_.empty(); }
  /// Bits per weight. What was published in MXFP4 keeps it: the tools that make files of other types do not touch it.
  [[nodiscard]] double bits(const TensorPlace& place) const;

 private:
  Quantisation() = default;

  std::string name_;
  std::string mix_;  // of llama.cpp; empty for a uniform format
  UniformFormat format_;
  std::map<std::string, BlockType, std::less<>> types_;
};

/// The names that Quantisation::parse suggests.
[[nodiscard]] std::vector<std::string> quant_names(const QuantTable& table);

}  // namespace labtwin::serving
