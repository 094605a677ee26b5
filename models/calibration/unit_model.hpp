#pragma once

// What one unit of fit (a drive behind a controller, driven by an engine) was found to do, and what follows for any loop on it.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/calibration/class_prior.hpp"
#include "models/calibration/depth_interpolation.hpp"
#include "models/calibration/expected_drive.hpp"
#include "models/calibration/fio_model.hpp"
#include "models/calibration/fio_row.hpp"
#include "models/calibration/kind.hpp"
#include "models/calibration/loop_between.hpp"

namespace labtwin::calibration {

/// A drive of one series.
class UnitModel {
 public:
  /// Fits every sweep of which there are fit rows; `rows` are those of one unit, `sheet` is the drive's datasheet, if there is
  /// one.
  UnitModel(const std::vector<const FioRow*>& rows, const ClassPriors& priors, const CatalogDrive* sheet = nullptr);

  struct Answer {
    LoopEstimate loop;
    Grade grade = Grade::Fitted;
    std::string note;
    bool tail_of_class = false;  ///< no quantile of this unit was measured
  };
  /// The figures of a loop: from the fit of its sweep; else between the neighbouring block sizes or mixes of this unit; else of
  /// its class.
  [[nodiscard]] Answer answer(const SweepKey& key, const LoopPoint& point) const;

  /// What the line between the fitted points of the sweep gives.
  [[nodiscard]] DepthInterpolation::Figures interpolate(const SweepKey& key, const LoopPoint& point) const;

  [[nodiscard]] const std::map<SweepKey, SweepModel>& sweeps() const noexcept { return sweeps_; }

 private:
  [[nodiscard]] SweepModel of_class_at(const SweepKey& key) const;
  [[nodiscard]] std::optional<Answer> from_other_blocks(const SweepKey& key, const LoopPoint& point) const;
  [[nodiscard]] LoopTimes as_in_class(const BlockTimes& known, const SweepKey& key, const LoopPoint& point) const;
  [[nodiscard]] Answer from_other_mixes(const SweepKey& key, const LoopPoint& point) const;
  [[nodiscard]] Answer from_pure_loops(const SweepKey& key, const LoopPoint& point) const;

  const ClassPriors& priors_;
  std::string drive_class_;
  ExpectedDrive expected_;
  std::string io_engine_;
  double num_drives_ = 1.0;
  std::map<SweepKey, SweepModel> sweeps_;
  std::map<SweepKey, DepthInterpolation> interpolations_;
};

}  // namespace labtwin::calibration
