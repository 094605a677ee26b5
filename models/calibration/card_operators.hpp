#pragma once

// What calibration knows of the operators of vLLM on a card.

#include <filesystem>
#include <optional>
#include <string>

#include "models/calibration/measurement_table.hpp"
#include "models/calibration/operator_tables.hpp"
#include "models/calibration/serving_meta.hpp"
#include "models/catalog/entry.hpp"
#include "models/serving/operator_law.hpp"

namespace labtwin::calibration {

struct CardOperators {
  serving::OperatorCoefficients coefficients;
  catalog::Grade grade = catalog::Grade::Assumed;
  std::string source;
};

/// Law:    the coefficients that were fitted to operator tables of this card, else those typical of a card
/// Inputs: the part and its datasheet
/// Valid:  decoders in 16 bits; tables of one model stand for all
/// Source: priors/operators/PART.toml, written by `labtwin fit` of a serving run with tables
/// Error:  see `labtwin validate` of kind serving_run
[[nodiscard]] CardOperators card_operators(std::string_view part, const serving::AcceleratorSpec& card);

/// The coefficients of the tables beside a run (`operators_tpN/`); nothing if there are none.
[[nodiscard]] std::optional<OperatorFit> fit_beside(const std::filesystem::path& folder, const ServingMeta& meta,
                                                    const serving::OperatorWork& work);

/// The text of priors/operators/PART.toml, from the tables beside a serving run. Throws ConfigError if there are none.
[[nodiscard]] std::string fit_card_operators(const MeasurementTable& table);

}  // namespace labtwin::calibration
