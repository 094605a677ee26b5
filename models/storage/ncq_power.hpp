#pragma once

#include <memory>

#include "models/storage/drive_law.hpp"

namespace labtwin::storage {

/// Parameters of one direction and pattern of a spinning disk.
struct NcqClass {
  Seconds positioning_time;   ///< mean seek and rotation of one I/O at depth 1, > 0
  BytesPerSecond bandwidth;   ///< media rate, > 0
  double ncq_exponent = 0.0;  ///< gain of reordering, 0 (none) to 0.3
  TailCurve tail{};
};

using NcqPowerParameters = PerIoClass<NcqClass>;

/// Law:    X(N) = X1 min(N, 32)^a with X1 = 1 / (positioning_time + block / bandwidth); latency = N / X(N). Beside I/Os of
///         other classes N is the backlog expressed in I/Os of this class.
/// Inputs: block size > 0, backlog >= work of the I/O itself.
/// Valid:  disks with a command queue of 32 that reorder by seek distance; 0 <= a <= 0.3.
/// Source: fio sweeps of six disks (Raptor 10k, HGST 2.5", Samsung F1, ...).
/// Error:  random read IOPS leave-out median 3.5 %, p90 15.4 %.
[[nodiscard]] std::unique_ptr<DriveLaw> make_ncq_power(const NcqPowerParameters& parameters);

}  // namespace labtwin::storage
