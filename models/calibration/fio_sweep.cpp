#include "models/calibration/fio_sweep.hpp"

#include <fmt/format.h>

#include <array>
#include <map>

#include "models/calibration/catalog_drive.hpp"
#include "models/calibration/unit_model.hpp"

namespace labtwin::calibration {
namespace {

constexpr std::array<std::string_view, kNumQuantiles> kQuantileNames = {"lat_p50_us", "lat_p95_us", "lat_p99_us",
                                                                        "lat_p999_us"};

using Answer = UnitModel::Answer;

// From the unit's own fit; without one, from the drive's catalog entry, if it has one; else from its class.
Answer answer(const FioRow& row, const UnitModel& unit, const CatalogDrive* catalog_drive, const ClassPriors& priors) {
  if (unit.sweeps().empty() && catalog_drive != nullptr) {
    const ClassPrior prior = priors.find(row.drive_class, row.sweep.pure_operation());
    CatalogDrive::Answer known = catalog_drive->answer(row.sweep, row.point, prior.tail);
    return {known.loop, known.grade, std::move(known.note), false};
  }
  return unit.answer(row.sweep, row.point);
}

void add_predictions(const FioRow& row, const Answer& answer, const DepthInterpolation::Figures& line,
                     std::vector<Prediction>& predictions) {
  const auto add = [&](std::string_view quantity, std::optional<double> measured, const std::optional<Estimate>& estimate,
                       const std::optional<double>& interpolated, Grade grade, const std::string& note) {
    predictions.push_back({.row = row.index + 1,
                           .quantity = std::string(quantity),
                           .group = row.drive_class + " " + row.sweep.operation,
                           .measured = measured,
                           .estimate = estimate,
                           .grade = grade,
                           .note = note,
                           .interpolated = interpolated});
  };
  if (!row.problem.empty()) {
    add("iops", row.iops, std::nullopt, std::nullopt, Grade::Assumed, row.problem);
    add("lat_mean_us", row.latency_us, std::nullopt, std::nullopt, Grade::Assumed, row.problem);
    for (std::size_t q = 0; q < kNumQuantiles; ++q) {
      add(kQuantileNames[q], row.quantile_us[q], std::nullopt, std::nullopt, Grade::Assumed, row.problem);
    }
    return;
  }
  add("iops", row.iops, answer.loop.iops, line.iops, answer.grade, answer.note);
  add("lat_mean_us", row.latency_us, answer.loop.latency_us, line.latency_us, answer.grade, answer.note);
  const Grade tail_grade = answer.tail_of_class ? Grade::Assumed : answer.grade;
  const std::string tail_note = answer.tail_of_class ? "scatter of the class: no measured quantiles" : answer.note;
  for (std::size_t q = 0; q < kNumQuantiles; ++q) {
    add(kQuantileNames[q], row.quantile_us[q], answer.loop.quantile_us[q], line.quantile_us[q], tail_grade, tail_note);
  }
}

FittedParameter logarithmic(std::string name, const CurveFit& fit, std::size_t i, double scale, std::string unit) {
  const double value = std::exp(fit.parameters[i]) * scale;
  return {std::move(name), value, std::move(unit), value * std::sqrt(fit.covariance[i * kNumCurveParameters + i])};
}

FitSummary summarize(const std::string& unit, const SweepKey& key, const SweepModel& model) {
  const CurveFit& fit = model.curve;
  const auto sigma = [&](std::size_t i) { return std::sqrt(fit.covariance[i * kNumCurveParameters + i]); };
  FitSummary summary{
      .unit = unit + " | " + key.label(), .law = "queue_depth_curve", .num_rows = model.num_fit_rows, .parameters = {}};
  summary.parameters = {logarithmic("latency_floor", fit, 0, 1e6, "us"),
                        logarithmic("max_iops", fit, 1, 1.0, "/s"),
                        logarithmic("knee", fit, 2, 1.0, ""),
                        logarithmic("host_iops", fit, 3, 1.0, "/s"),
                        {"depth_exponent", fit.parameters[4], "", sigma(4)},
                        {"fade", fit.parameters[5], "", sigma(5)}};
  return summary;
}

}  // namespace

Evaluation evaluate_fio_sweep(const MeasurementTable& table, const Progress& progress) {
  const ClassPriors& priors = ClassPriors::shipped();
  std::vector<FioRow> rows = read_fio_rows(table);
  Evaluation evaluation;
  evaluation.notes = drop_implausible_runs(rows);
  std::map<std::string, std::vector<const FioRow*>> by_unit;
  for (const FioRow& row : rows) by_unit[row.unit].push_back(&row);
  const CatalogDrives catalog_drives;
  std::size_t num_done = 0;
  for (const auto& [name, unit_rows] : by_unit) {
    const UnitModel unit(unit_rows, priors);
    for (const auto& [key, model] : unit.sweeps()) evaluation.fits.push_back(summarize(name, key, model));
    for (const FioRow* row : unit_rows) {
      if (row->split != Split::HeldOut) continue;
      add_predictions(*row, answer(*row, unit, catalog_drives.find(row->device), priors),
                      unit.interpolate(row->sweep, row->point), evaluation.predictions);
    }
    num_done += unit_rows.size();
    if (progress) progress(static_cast<double>(num_done) / static_cast<double>(rows.size()));
  }
  return evaluation;
}

}  // namespace labtwin::calibration
