#include "models/calibration/vram_usage.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string_view>

#include "models/calibration/vram_law.hpp"

namespace labtwin::calibration {
namespace {

using Law = std::optional<VramFigure> (*)(const VramRow& row);

struct Quantity {
  std::string_view name;
  Law law;
  std::array<double, 5> spread;  ///< half width of the 90 % interval of the logarithm, by Certainty
};

// Spreads hold 90 % of the fit rows of calibration/data/llm-memory/vram_usage.
constexpr std::array<Quantity, 6> kQuantities = {{
    {"kv_mib", &predict_kv_cache, {0.6, 0.45, 0.8, 3.0, 3.5}},
    {"compute_buffer_mib", &predict_compute_buffer, {1.2, 0.65, 2.8, 0.95, 3.5}},
    {"weights_mib", &predict_weights, {0.8, 1.3, 0.16, 1.3, 3.0}},
    {"total_used_mib", &predict_total, {0.2, 0.8, 0.16, 0.8, 1.6}},
    {"kv_tokens", &predict_kv_tokens, {0.1, 0.3, 1.1, 1.3, 1.6}},
    {"outcome", &predict_outcome, {0.0, 0.0, 0.0, 0.0, 0.0}},
}};

std::string_view certainty_name(Certainty certainty) {
  switch (certainty) {
    case Certainty::Exact:
      return "known";
    case Certainty::Split:
      return "split over cards";
    case Certainty::Profiled:
      return "by the engine's own profile";
    case Certainty::Placed:
      return "tensors placed by name";
    case Certainty::Guessed:
      return "model or settings not told";
  }
  return "";
}

std::optional<double> measured(const MeasurementTable& table, std::size_t row, std::string_view quantity) {
  if (quantity != "outcome") return table.number(row, "value");
  const std::string_view outcome = table.text(row, "outcome");
  return outcome.empty() ? std::nullopt : std::optional<double>(outcome == "loads" ? 1.0 : 0.0);
}

Estimate interval_of(const Quantity& quantity, const VramFigure& figure) {
  if (quantity.name == "outcome") {
    return figure.is_close ? Estimate{figure.value, 0.0, 1.0} : Estimate{figure.value, figure.value, figure.value};
  }
  return log_interval(figure.value, quantity.spread.at(static_cast<std::size_t>(figure.certainty)));
}

Prediction predict(const MeasurementTable& table, std::size_t index, const Quantity& quantity, const LlmParts& parts) {
  const VramRow row = read_vram_row(table, index, parts);
  const auto figure = quantity.law(row);
  Prediction prediction{.row = index + 1,
                        .quantity = std::string(quantity.name),
                        .group = std::string(table.text(index, "engine")),
                        .measured = measured(table, index, quantity.name),
                        .estimate = std::nullopt,
                        .grade = Grade::Assumed,
                        .note = "neither the model nor its size is known"};
  if (!figure) return prediction;
  prediction.estimate = interval_of(quantity, *figure);
  if (figure->certainty == Certainty::Exact && row.model) prediction.grade = std::max(Grade::Datasheet, row.model->grade);
  prediction.note = certainty_name(figure->certainty);
  return prediction;
}

}  // namespace

Evaluation evaluate_vram_usage(const MeasurementTable& table, const Progress& progress) {
  Evaluation evaluation;
  const LlmParts parts;
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    if (table.split(row) != Split::HeldOut) continue;
    const std::string_view name = table.text(row, "quantity");
    for (const Quantity& quantity : kQuantities) {
      if (quantity.name == name) evaluation.predictions.push_back(predict(table, row, quantity, parts));
    }
  }
  if (progress) progress(1.0);
  return evaluation;
}

}  // namespace labtwin::calibration
