#include "models/calibration/fio_predictions.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace labtwin::calibration {
namespace {

constexpr std::array<std::string_view, kNumQuantiles> kQuantileNames = {"lat_p50_us", "lat_p95_us", "lat_p99_us",
                                                                        "lat_p999_us"};

}  // namespace

KnownDrive known_drive(const FioRow& row, const CatalogDrives& drives) {
  // Arrays, shares and virtual disks are named after drives that they are not.
  constexpr std::array<std::string_view, 4> kDriveClasses = {"nvme", "optane", "sata_ssd", "hdd"};
  if (std::find(kDriveClasses.begin(), kDriveClasses.end(), row.drive_class) == kDriveClasses.end()) return {};
  const CatalogDrive* found = drives.find_model(row.device);
  if (found == nullptr) return {};
  return found->is_datasheet() ? KnownDrive{nullptr, found} : KnownDrive{found, nullptr};
}

void add_predictions(const FioRow& row, const UnitModel::Answer& answer, const DepthInterpolation::Figures& line,
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

}  // namespace labtwin::calibration
