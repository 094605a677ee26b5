#include "models/calibration/unseen_drives.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

#include "models/calibration/class_prior_fit.hpp"
#include "models/calibration/fio_predictions.hpp"
#include "models/calibration/unit_model.hpp"

namespace labtwin::calibration {
namespace {

std::vector<FioRow> without(const std::vector<FioRow>& rows, const std::string& device) {
  std::vector<FioRow> others;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(others), [&](const FioRow& row) { return row.device != device; });
  return others;
}

// What the law of the class says of the tail alone: its p99 over its mean, beside the measured one.
std::optional<Prediction> tail_alone(const FioRow& row, const UnitModel::Answer& answer) {
  constexpr std::size_t kP99 = 2;
  if (!row.quantile_us[kP99] || !row.latency_us) return std::nullopt;
  const Estimate& quantile = answer.loop.quantile_us[kP99];
  const double mean = answer.loop.latency_us.value;
  return Prediction{.row = row.index + 1,
                    .quantity = "p99_over_mean",
                    .group = row.drive_class + " " + row.sweep.operation,
                    .measured = *row.quantile_us[kP99] / *row.latency_us,
                    .estimate = Estimate{quantile.value / mean, quantile.low / mean, quantile.high / mean},
                    .grade = Grade::Assumed,
                    .note = {}};
}

void predict(const std::vector<const FioRow*>& rows, const UnitModel& unit, Evaluation& evaluation) {
  for (const FioRow* row : rows) {
    const UnitModel::Answer answer = unit.answer(row->sweep, row->point);
    add_predictions(*row, answer, {}, evaluation.predictions);
    if (auto tail = tail_alone(*row, answer)) evaluation.derived.push_back(*std::move(tail));
  }
}

}  // namespace

Evaluation evaluate_unseen_drives(const MeasurementTable& table, const Progress& progress) {
  const std::vector<FioRow> rows = read_fio_rows(table, "drive_left_out");
  const CatalogDrives drives;
  const std::vector<DatasheetRate> sheets = datasheet_rates(drives, ClassPriors::shipped());
  std::set<std::string> devices;
  for (const FioRow& row : rows) devices.insert(row.device);
  Evaluation evaluation;
  std::size_t num_done = 0;
  for (const std::string& device : devices) {
    const ClassPriors priors = fit_class_locations(without(rows, device), ClassPriors::shipped(), sheets);
    std::vector<FioRow> left_out;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(left_out),
                 [&](const FioRow& row) { return row.device == device; });
    std::map<std::string, std::vector<const FioRow*>> by_unit;
    for (FioRow& row : left_out) {
      row.split = Split::HeldOut;
      by_unit[row.unit].push_back(&row);
    }
    for (const auto& [name, of_unit] : by_unit) {
      const CatalogDrive* sheet = known_drive(*of_unit.front(), drives).sheet;
      predict(of_unit, UnitModel(of_unit, priors, sheet), evaluation);
    }
    if (progress) progress(static_cast<double>(++num_done) / static_cast<double>(devices.size()));
  }
  return evaluation;
}

}  // namespace labtwin::calibration
