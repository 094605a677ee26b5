#pragma once

// Models that no catalog has: the config.json of a checkpoint, or the header of a GGUF file.

#include <filesystem>
#include <optional>
#include <string>

#include "models/serving/model_shape.hpp"
#include "models/serving/quantisation.hpp"

namespace labtwin::serving {

/// What a file tells about a model.
struct ModelFile {
  std::string name;
  ModelShape shape;
  std::optional<Quantisation> quant;  ///< of a GGUF file: the bits that its tensors have
};

/// Reads `config.json` (any name that ends in `.json`) or a GGUF file. Throws ConfigError of one line for what is neither, is
/// cut off or lacks what a shape needs.
[[nodiscard]] ModelFile read_model_file(const std::filesystem::path& path, const QuantTable& quants);

/// The two formats alone.
[[nodiscard]] ModelFile read_model_config(const std::filesystem::path& path);
[[nodiscard]] ModelFile read_gguf_header(const std::filesystem::path& path, const QuantTable& quants);

}  // namespace labtwin::serving
