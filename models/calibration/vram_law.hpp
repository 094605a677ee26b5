#pragma once

// What a row of kind `vram_usage` should read, by the laws of the engines.

#include <optional>
#include <string>

#include "models/calibration/vram_row.hpp"

namespace labtwin::calibration {

/// How well the conditions of a row determine its figure; sets the width of the interval.
enum class Certainty : std::uint8_t {
  Exact,     ///< the model's shape and the cards' layers are known
  Split,     ///< layers lie on several cards by a rule that sees free memory
  Profiled,  ///< depends on what an engine measured when it started
  Placed,    ///< somebody placed tensors by name
  Guessed    ///< the shape of the model or the card is not known
};

struct VramFigure {
  double value = 0.0;  ///< in the unit of the row's quantity
  Certainty certainty = Certainty::Exact;
  bool is_close = false;  ///< of a verdict: so near to the edge that it may as well be the other one
};

/// Each is nothing where what it needs is not known.
[[nodiscard]] std::optional<VramFigure> predict_kv_cache(const VramRow& row);
[[nodiscard]] std::optional<VramFigure> predict_compute_buffer(const VramRow& row);
[[nodiscard]] std::optional<VramFigure> predict_weights(const VramRow& row);
[[nodiscard]] std::optional<VramFigure> predict_total(const VramRow& row);
[[nodiscard]] std::optional<VramFigure> predict_kv_tokens(const VramRow& row);
/// 1 if it loads, 0 if it does not.
[[nodiscard]] std::optional<VramFigure> predict_outcome(const VramRow& row);

}  // namespace labtwin::calibration
