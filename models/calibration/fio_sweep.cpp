#include "models/calibration/fio_sweep.hpp"

#include <fmt/format.h>

#include <map>

#include "models/calibration/catalog_drive.hpp"
#include "models/calibration/fio_predictions.hpp"
#include "models/calibration/unit_model.hpp"

namespace labtwin::calibration {
namespace {

using Answer = UnitModel::Answer;

// From the unit's own fit; without one, from the entry that was fitted to its drive, if there is one; else from its datasheet
// and class.
Answer answer(const FioRow& row, const UnitModel& unit, const CatalogDrive* entry, const ClassPriors& priors) {
  if (unit.sweeps().empty() && entry != nullptr) {
    const ClassPrior prior = priors.find(row.drive_class, row.sweep.pure_operation());
    CatalogDrive::Answer known = entry->answer(row.sweep, row.point, prior.tail);
    return {known.loop, known.grade, std::move(known.note), false};
  }
  return unit.answer(row.sweep, row.point);
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
    const KnownDrive known = known_drive(*unit_rows.front(), catalog_drives);
    const UnitModel unit(unit_rows, priors, known.sheet);
    for (const auto& [key, model] : unit.sweeps()) evaluation.fits.push_back(summarize(name, key, model));
    for (const FioRow* row : unit_rows) {
      if (row->split != Split::HeldOut) continue;
      add_predictions(*row, answer(*row, unit, known.entry, priors), unit.interpolate(row->sweep, row->point),
                      evaluation.predictions);
    }
    num_done += unit_rows.size();
    if (progress) progress(static_cast<double>(num_done) / static_cast<double>(rows.size()));
  }
  return evaluation;
}

}  // namespace labtwin::calibration
