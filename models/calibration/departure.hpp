#pragma once

// What a fitted law leaves unexplained along a sweep over depth.

#include <span>
#include <vector>

#include "models/calibration/depth_curve.hpp"

namespace labtwin::calibration {

/// The log residual of a law at one loop.
struct LoopResidual {
  LoopPoint point;
  double log_residual = 0.0;
};

/// A law's own error along one sweep: correlated over depth, known with noise where it was measured.
/// Law:    d over x = ln N and y = ln jobs is an Ornstein-Uhlenbeck process, covariance
///         s^2 exp(-|x - x'| / 6) (0.8 + 0.2 exp(-|y - y'| / 2)), seen with noise of variance 0.05 s^2 per run; at() is its
///         conditional mean and the share of its variance, noise included, that stays unknown. Far from every measured depth
///         the mean returns to 0 and the share to 1. Loops of other numbers of jobs than were measured have an error of their
///         own as large as that of a depth as far away. Of several runs of one loop the median counts.
/// Inputs: N >= 1, jobs >= 1.
/// Valid:  loops on the measured unit itself. It says nothing about another drive.
/// Source: Kennedy and O'Hagan, "Bayesian calibration of computer models", 2001. Reach and noise were chosen by leaving one
///         fitted depth out inside the fit rows of fio_depths: mean log error of IOPS 11.5 %, flat within 2 % over a reach of 3
///         to 20 and a noise of 0.01 to 0.1. What jobs have in common was chosen by leaving one loop in five out of the fit
///         rows of sets with several jobs: it takes the 90th percentile of the error of IOPS from 33 to 24 % where several
///         sequential streams defeat the drive's prefetch, and p99 of a SATA drive from 51 to 30 %; smaller shares gain a
///         little there and lose as much where jobs were not measured. The error of those is assumed.
/// Error:  see tests/validation, set fio_depths.
class Departure {
 public:
  Departure() = default;
  explicit Departure(std::span<const LoopResidual> residuals);

  struct Value {
    double mean = 0.0;
    double unknown_share = 1.0;
    bool of_other_jobs = false;  ///< loops were measured, none of them of as many jobs
  };
  [[nodiscard]] Value at(const LoopPoint& point) const;

  /// A loop as the process sees it.
  struct LogLoop {
    double depth = 0.0;  ///< ln N
    double jobs = 0.0;   ///< ln of the number of jobs
  };

 private:
  std::vector<LogLoop> loops_;
  std::vector<double> weights_;  // of the mean
  std::vector<double> inverse_;  // of the covariance of what was measured, row by row
};

}  // namespace labtwin::calibration
