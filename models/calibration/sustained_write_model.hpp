#pragma once

// Runs of writes that go on until the drive's garbage collection has settled: predicted from four parameters of the flash,
// fitted, or taken from what drives of the class have.

#include <array>
#include <span>
#include <vector>

#include "models/base/units.hpp"
#include "models/calibration/levenberg_marquardt.hpp"
#include "models/calibration/write_pattern.hpp"

namespace labtwin::calibration {

/// A run: pattern, state at its start, and the amounts written by the ends of its windows, in multiples of the capacity and
/// rising.
struct WriteRun {
  WritePattern pattern;
  storage::FlashState initial = storage::FlashState::Full;
  std::vector<double> written;
};

/// The mean rate over one window of a run.
struct WriteObservation {
  std::size_t run = 0;
  std::size_t window = 0;
  BytesPerSecond rate;
};

/// What is known of a drive's flash: logarithms of `sequential` and `random` in bytes per second, of `spare`, of `copy_cost`.
struct FlashBelief {
  static constexpr std::size_t kNumParameters = 4;
  enum Parameter : std::size_t { Sequential, Random, Spare, CopyCost };
  std::array<Prior, kNumParameters> log;

  [[nodiscard]] storage::FlashParameters mean() const;
};

/// Law:    spare = raw / capacity - 1 + 0.04, raw the next power of two in GiB; sequential rate 1.5 GB/s x (capacity / 894
///         GiB)^0.8; random 0.84 of it; copying costs as much as writing.
/// Valid:  SSDs with power-loss protection, 0.4 to 16 TB. Others are less well known.
/// Source: datasheets of 14 enterprise drives; the fit rows of 4 drives.
/// Error:  sigmas of the logarithms: 0.4 of both rates, 0.2 of the spare, 0.15 of the cost of a copy.
[[nodiscard]] FlashBelief flash_prior(Bytes capacity);

/// The rate of a window and the standard deviation of its logarithm.
struct WriteRate {
  BytesPerSecond rate;
  double log_sigma = 0.1;
};

/// Rates of all windows of a run. Law: FlashLog. The spread has three parts: that of the parameters; of the spare, as the law
/// itself is off by where the cliff lies; and of the level.
[[nodiscard]] std::vector<WriteRate> predict_run(const WriteRun& run, const FlashBelief& belief);

/// The belief after observations, most of which a few parameters explain; outliers count less.
[[nodiscard]] FlashBelief fit_flash(std::span<const WriteRun> runs, std::span<const WriteObservation> observations,
                                    const FlashBelief& prior);

}  // namespace labtwin::calibration
