#pragma once

// Runs of writes that go on until the drive's garbage collection has settled: predicted from four parameters of the flash,
// fitted, or taken from what drives of the class have.

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "models/base/units.hpp"
#include "models/calibration/levenberg_marquardt.hpp"
#include "models/calibration/write_pattern.hpp"
#include "models/calibration/write_phases.hpp"

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

/// Law:    spare = raw / capacity - 1 + 0.04, raw the next power of two in GiB; sequential rate = r x (capacity / 894 GiB)^0.6
///         up to 0.6 of what the link moves, r = 0.65, 1.6, 3.0 GB/s for generations 3, 4, 5 of PCIe; random 0.88 of it, up to
///         a million writes of 4 KiB a second; copying costs as much as writing.
/// Inputs: capacity; the interface in words (`PCIe 4.0 x4`), generation 4 and a wider spread where they name none.
/// Valid:  SSDs with power-loss protection, 0.4 to 16 TB. Others are less well known.
/// Source: datasheets of 14 enterprise drives; the fit rows of 4 drives.
/// Error:  sigmas of the logarithms: 0.25 of both rates (0.4 without a generation), 0.2 of the spare, 0.15 of the cost of a
/// copy.
[[nodiscard]] FlashBelief flash_prior(Bytes capacity, std::string_view interface = {});

/// The rate of a window and the standard deviation of its logarithm.
struct WriteRate {
  BytesPerSecond rate;
  double log_sigma = 0.1;
};

/// Rates of all windows of a run. Law: FlashLog. The spread has three parts: that of the parameters; of the spare, as the law
/// itself is off by where the cliff lies; and of the level.
[[nodiscard]] std::vector<WriteRate> predict_run(const WriteRun& run, const FlashBelief& belief);

/// The phases of a run and the standard deviations of their logarithms. The cliff is an amount written, in multiples of the
/// capacity.
struct PhasesOfRun {
  WritePhases phases;
  double fast_sigma = 0.0;
  double after_sigma = 0.0;
  double cliff_sigma = 0.0;
};

/// Law: the phases of the predicted windows; the rates are as uncertain as those of the first and the last window, the cliff as
/// the spare and the width of the windows make it.
[[nodiscard]] PhasesOfRun predict_phases(const WriteRun& run, const FlashBelief& belief);

/// The belief after observations, most of which a few parameters explain; outliers count less.
[[nodiscard]] FlashBelief fit_flash(std::span<const WriteRun> runs, std::span<const WriteObservation> observations,
                                    const FlashBelief& prior);

}  // namespace labtwin::calibration
