#pragma once

// The kinds of measurement: what makes a table one of them, which columns are conditions, what is predicted. MeasurementTables
// of any kind go through the same door: `evaluate` fits the rows marked `fit` and predicts the rest.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/calibration/measurement_table.hpp"
#include "models/catalog/entry.hpp"

namespace labtwin::calibration {

/// A predicted figure and its 90 % interval.
struct Estimate {
  double value = 0.0;
  double low = 0.0;
  double high = 0.0;
};

/// 90 % of a normal distribution lies within this many standard deviations of its mean.
inline constexpr double kNormal90 = 1.645;

/// A value with this half-width of the 90 % interval of its logarithm.
[[nodiscard]] Estimate log_interval(double value, double half_width);

using catalog::Grade;

/// One quantity of one row that is to be predicted.
struct Prediction {
  std::size_t row = 0;  ///< 1-based, as in the file
  std::string quantity;
  std::string group;                 ///< what the summary groups by: class and operation; `a: b` counts for `a` as well
  std::optional<double> measured;    ///< for scoring only
  std::optional<Estimate> estimate;  ///< absent if the row cannot be predicted
  Grade grade = Grade::Fitted;
  std::string note;  ///< why not, or what the estimate lacks
  /// What the line between the fitted points gives, without any law; absent where they make no line.
  std::optional<double> interpolated = std::nullopt;
  /// How far the measured value lies from the band in which chance lets it fall if the prediction is right: of a quantile of n
  /// requests, two standard deviations of their number below it. Per cent; absent where nothing is known of n.
  std::optional<double> band_distance_pct = std::nullopt;
};

/// What stands for a quantity of a 0-based row that cannot be predicted.
[[nodiscard]] Prediction unpredicted(const MeasurementTable& table, std::size_t row, std::string_view quantity,
                                     std::string why);

struct FittedParameter {
  std::string name;
  double value = 0.0;
  std::string unit;
  double sigma = 0.0;  ///< standard deviation, in the unit
};

/// What was fitted for one unit.
struct FitSummary {
  std::string unit;
  std::string law;
  std::size_t num_rows = 0;
  std::vector<FittedParameter> parameters;
};

struct Evaluation {
  std::vector<Prediction> predictions;  ///< every held-out row x quantity of the kind, once
  /// Figures that follow from several rows, the first of which gives its number: scored and shown, no rows of their own.
  std::vector<Prediction> derived{};
  std::vector<FitSummary> fits;
  std::vector<std::string> notes;
};

/// Told the fraction done, now and then.
using Progress = std::function<void(double fraction)>;

using Evaluate = Evaluation (*)(const MeasurementTable& table, const Progress& progress);

/// The text of priors/KIND.toml, from the rows marked `fit`.
using FitUniversal = std::string (*)(const MeasurementTable& table);

/// A row of the registry.
struct Kind {
  std::string_view name;
  std::span<const std::string_view> recognised_by;  ///< a table with all of these columns is of this kind
  std::span<const std::string_view> conditions;     ///< columns that must be there
  std::span<const std::string_view> quantities;     ///< measured columns
  /// Null for kinds that are replayed by the engine: the worker process evaluates those and returns the same result.
  Evaluate evaluate = nullptr;
  std::span<const std::string_view> optional_conditions{};  ///< columns that are read where they are there
  /// Of kinds whose constants are universal, told by one set of the project; null for the others.
  FitUniversal fit_universal = nullptr;
  /// Of kinds that can predict as if a part had never been measured: the part, `card`, and what refits without each in turn.
  std::string_view left_out_unit{};
  Evaluate evaluate_left_out = nullptr;
};

/// All kinds, in the order in which tables are matched against them.
[[nodiscard]] std::span<const Kind> kinds();
/// The kind of this name. Throws ConfigError with the nearest name.
[[nodiscard]] const Kind& kind_by_name(std::string_view name, std::string_view file);
/// The kind that a table's columns tell. Throws ConfigError if none does, with what the nearest kind lacks.
[[nodiscard]] const Kind& recognise(const MeasurementTable& table);
/// Throws ConfigError naming every condition column that the table lacks, or holds in another unit, and every quantity in
/// another unit.
void check_conditions(const Kind& kind, const MeasurementTable& table);

}  // namespace labtwin::calibration
