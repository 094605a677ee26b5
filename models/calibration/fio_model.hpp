#pragma once

// What one unit of fit (a drive behind a controller, driven by an engine) was found to do, and what follows for any loop on it.

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "models/calibration/class_prior.hpp"
#include "models/calibration/departure.hpp"
#include "models/calibration/fio_row.hpp"
#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

/// One sweep: curve, overhead and tails, with the discrepancy that its intervals need.
struct SweepModel {
  CurveFit curve;
  Departure departure;  ///< of the rate
  LoopOverhead overhead;
  /// Log latency of this half of a mix over that of the whole loop.
  TailCoefficients part_latency{};
  std::array<TailCoefficients, kNumQuantiles> tail{};
  std::array<Departure, kNumQuantiles> tail_departure;  ///< of the ratio of a quantile to the mean
  Discrepancy discrepancy;
  std::size_t num_fit_rows = 0;
  std::size_t num_tail_rows = 0;
  double deepest = 1e9;  ///< depth up to which tails were fitted
};

/// Figures of one loop.
struct LoopEstimate {
  Estimate iops;
  Estimate latency_us;
  std::array<Estimate, kNumQuantiles> quantile_us;
};
[[nodiscard]] LoopEstimate estimate(const SweepModel& model, const SweepKey& key, const LoopPoint& point);

[[nodiscard]] SweepModel fit_sweep(const std::vector<const FioRow*>& fit_rows, const SweepKey& key, const ClassPrior& prior,
                                   const Prior& log_host_iops);

/// A drive of one series.
class UnitModel {
 public:
  /// Fits every sweep of which there are fit rows; `rows` are those of one unit.
  UnitModel(const std::vector<const FioRow*>& rows, const ClassPriors& priors);

  struct Answer {
    SweepModel model;
    Grade grade = Grade::Fitted;
    std::string note;
  };
  /// The model of a sweep: fitted; else between the neighbouring block sizes or mixes of this unit; else of its class.
  [[nodiscard]] Answer model(const SweepKey& key) const;

  [[nodiscard]] const std::map<SweepKey, SweepModel>& sweeps() const noexcept { return sweeps_; }
  void set_discrepancy(const SweepKey& key, const Discrepancy& discrepancy) { sweeps_.at(key).discrepancy = discrepancy; }

 private:
  [[nodiscard]] CurvePrior prior_of(const SweepKey& key) const;
  [[nodiscard]] std::optional<Answer> between_blocks(const SweepKey& key) const;
  [[nodiscard]] std::optional<Answer> between_mixes(const SweepKey& key) const;

  const ClassPriors& priors_;
  std::string drive_class_;
  std::string io_engine_;
  double num_drives_ = 1.0;
  std::map<SweepKey, SweepModel> sweeps_;
};

}  // namespace labtwin::calibration
