#pragma once

// Cards, processors, models and quantisations of measured rows, found by the names that people wrote. Laws that are scored on
// such rows share one of these, so that a name means the same part everywhere.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/catalog/catalog.hpp"
#include "models/catalog/part_finder.hpp"
#include "models/registry.hpp"
#include "models/serving/model_sizes.hpp"
#include "models/serving/quantisation.hpp"

namespace labtwin::calibration {

/// Several cards in one cell: `RTX 5090 + 2x RTX 4090` is three names, `16x RTX 3090` sixteen.
[[nodiscard]] std::vector<std::string> card_names(std::string_view cell);

/// A model's size as its name tells it: `30B-A3B` has 30e9 parameters, 3e9 of them active.
[[nodiscard]] std::optional<serving::ModelSize> size_in_name(std::string_view name);

class LlmParts {
 public:
  LlmParts();

  struct Card {
    serving::AcceleratorSpec spec;
    std::string part;
    catalog::Grade grade = catalog::Grade::Assumed;
    bool exact = true;  ///< no word of the name asks for another card than this one
  };
  struct Processor {
    serving::ProcessorSpec spec;
    std::string part;
    catalog::Grade grade = catalog::Grade::Assumed;
  };
  struct Model {
    serving::ModelShape shape;
    std::string part;  ///< empty: a typical shape of this size
    catalog::Grade grade = catalog::Grade::Assumed;
  };

  /// The card of this name; of two that differ in memory only, the one with `memory_gib`. Nothing if the catalog has none.
  [[nodiscard]] std::optional<Card> card(std::string_view name, std::optional<double> memory_gib = {}) const;
  /// The processor of this name, else a usual one of the line of products that the name tells, else the nearest of the catalog;
  /// nothing if there is none.
  [[nodiscard]] std::optional<Processor> processor(std::string_view name) const;
  /// The model of this name; where the catalog has none of about this size (in 10^9), the one with as many parameters if these
  /// were counted, else a typical shape. Nothing if the size is not told either.
  [[nodiscard]] std::optional<Model> model(std::string_view name, std::optional<double> params_b = {},
                                           std::optional<double> active_params_b = {}) const;
  /// The only model of the catalog with so many layers: a log that names no model still counts them.
  [[nodiscard]] std::optional<Model> model_of_layers(int layers) const;
  [[nodiscard]] std::optional<serving::Quantisation> quant(std::string_view name) const;
  /// As quant(); else that of the first word which is a type of files: `bytkim Q4_K_M MTP (`, `IQ3_XXS_embed_q6_0`.
  [[nodiscard]] std::optional<serving::Quantisation> quant_within(std::string_view text) const;
  [[nodiscard]] const serving::QuantTable& quants() const noexcept { return quants_; }

 private:
  [[nodiscard]] const Model* catalog_model(std::string_view name) const;
  [[nodiscard]] const Model& part_model(const std::string& part) const;
  [[nodiscard]] const Model* model_of_size(double parameters) const;
  [[nodiscard]] std::optional<serving::ModelSize> listed_size(std::string_view name) const;
  [[nodiscard]] static bool told_too_small(double parameters, const std::optional<serving::ModelSize>& named,
                                           const Model& known);
  [[nodiscard]] const serving::ProcessorFamily* processor_family(std::string_view name) const;
  [[nodiscard]] std::optional<Processor> find_processor(std::string_view name) const;

  catalog::Catalog catalog_;
  catalog::PartFinder cards_;
  catalog::PartFinder processors_;
  catalog::PartFinder models_;
  serving::QuantTable quants_;
  mutable std::map<std::string, Card, std::less<>> known_cards_;
  mutable std::map<std::string, Model, std::less<>> known_models_;
  mutable std::map<std::string, std::optional<Processor>, std::less<>> known_processors_;
  mutable std::vector<serving::NamedModelSize> sizes_;      ///< read when the first model has no entry
  mutable std::vector<serving::ProcessorFamily> families_;  ///< read with the first processor
};

}  // namespace labtwin::calibration
