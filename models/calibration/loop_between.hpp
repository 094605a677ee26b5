#pragma once

// A loop's figures at a block size or a mix between those where it was fitted.

#include <array>
#include <span>
#include <vector>

#include "models/calibration/fio_model.hpp"

namespace labtwin::calibration {

/// What a loop does, in times, which add where rates do not.
struct LoopTimes {
  double loop_us = 0.0;     ///< N / X of the whole loop
  double latency_us = 0.0;  ///< mean of the I/Os that count: all, or one half of a mix
  std::array<double, kNumQuantiles> log_ratio{};
  /// Half-widths of the 90 % intervals of the logarithms.
  double rate_width = 0.0;
  double latency_width = 0.0;
  std::array<double, kNumQuantiles> quantile_width{};
};
[[nodiscard]] LoopTimes to_times(const LoopEstimate& loop, double num_in_flight, double share);
[[nodiscard]] LoopEstimate to_estimate(const LoopTimes& times, double num_in_flight, double share);

/// The interval made wider by an error of its own, as half-width of the logarithm.
void widen(LoopTimes& times, double half_width);

/// A loop at one block size.
struct BlockTimes {
  double block_bytes = 0.0;
  LoopTimes times;
};

/// The known sizes that tell something about another: those on the same side of 4 KiB, or all if there are none. What is
/// smaller than the unit of a flash drive's map is read, changed and written back.
[[nodiscard]] std::vector<BlockTimes> telling_sizes(std::span<const BlockTimes> known, double block_bytes);

/// Law:    at one N the loop time and the mean latency are affine in the block size: so much per request, so much per byte.
///         Between two known sizes they lie on their line; beyond them on its continuation, but never fall with size nor grow
///         faster than it.
/// Inputs: two sizes or more that tell, ascending.
/// Valid:  the same operation on the same drive.
/// Source: leaving one block size out inside the fit rows of fio_depths (NVMe, 512 B to 128 KiB): mean log error of IOPS 13 %;
///         15 % on a line of logarithms, 15.5 % with sizes from both sides of 4 KiB.
/// Error:  see tests/validation, set fio_blocks.
[[nodiscard]] LoopTimes between_blocks(std::span<const BlockTimes> known, double block_bytes);

/// How far a size is from a known one, as half-width of the 90 % interval: per octave.
inline constexpr double kWidthOfOctave = 0.25;

/// A loop at one mix. `times` are of the half that is asked for; a pure operation that is the other half has none.
struct MixTimes {
  double read_fraction = 0.0;
  double share = 1.0;  ///< of the loop's I/Os that the half has, 0 where it has none
  LoopTimes times;
};

/// Law:    at one N the loop time, and of each half share x latency, are affine in the fraction of reads: each I/O takes its
///         own time. Between two known mixes they lie on their line.
/// Inputs: `low.read_fraction` <= read_fraction <= `high.read_fraction`; share of the half at the mix asked for.
/// Valid:  the same blocks on the same drive; random or sequential, not both.
/// Source: SATA and NVMe drives with reads, writes and mixes of 5 to 95 %: the line through the neighbours is 0-10 % off where
///         the halves share the flash, 50 % low on one drive whose writes are limited apart.
/// Error:  see tests/validation, set fio_mixes.
[[nodiscard]] LoopTimes between_mixes(const MixTimes& low, const MixTimes& high, double read_fraction, double share);

/// What the two halves of a mix take where only the pure operations are known.
struct PureLoops {
  double read_floor_us = 0.0;  ///< latency at depth 1
  double write_floor_us = 0.0;
  double write_wait = 1.0;  ///< share of the reads' waiting that writes have as well
};
struct HalfLatencies {
  double read_us = 0.0;
  double write_us = 0.0;
};

/// Law:    latency of reads r and writes w from f r + (1 - f) w = N / X (Little) and w = write_floor + write_wait Q, Q the time
///         per I/O beyond the floors. Behind one command queue (SATA, SAS, arrays) both wait for the same slots: write_wait
///         is 1. The buffer of an NVMe drive takes writes at once, as far as reads alone would not saturate the drive at that
///         depth: write_wait is their saturation.
/// Inputs: read_fraction f in (0, 1); write_wait in [0, 1].
/// Valid:  writes that the buffer takes.
/// Source: two SATA SSDs whose writes follow reads at a distance that does not grow with depth (100 and 200 us of up to 10 ms),
///         and an NVMe drive whose writes take 13 to 21 us beside reads of 76 to 493 us.
/// Error:  see tests/validation, set fio_mixes.
[[nodiscard]] HalfLatencies half_latencies(const PureLoops& pure, double loop_us, double read_fraction);

}  // namespace labtwin::calibration
