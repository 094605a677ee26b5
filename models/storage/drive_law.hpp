#pragma once

#include <cstdint>

#include "models/base/units.hpp"
#include "models/storage/tail_shape.hpp"

namespace labtwin::storage {

enum class Direction : std::uint8_t { Read, Write };
enum class Pattern : std::uint8_t { Random, Sequential };

/// The kind of I/O a law is asked about.
struct IoClass {
  Direction direction = Direction::Read;
  Pattern pattern = Pattern::Random;
  Bytes block_size;
};

/// One value per direction and pattern.
template <class T>
struct PerIoClass {
  T random_read;
  T random_write;
  T sequential_read;
  T sequential_write;

  [[nodiscard]] const T& of(const IoClass& io) const noexcept {
    if (io.direction == Direction::Read) return io.pattern == Pattern::Random ? random_read : sequential_read;
    return io.pattern == Pattern::Random ? random_write : sequential_write;
  }
};

/// What the drive is doing when an I/O enters it. `backlog` is the time that the drive's bottleneck (controller, flash
/// channels or host CPU, whichever is slowest) needs for all work in flight, the new I/O included: the sum of `work()` over it.
/// Bytes in flight, not MB/s, is what a neighbour feels, and this is those bytes expressed in seconds.
struct DriveLoad {
  Seconds backlog;
  double num_in_flight = 1.0;  ///< I/Os in the drive, the new one included
};

/// The latency law of a drive: how long one I/O takes, given what is in flight. One law serves the closed form
/// (`closed_loop`), the fit, and the simulated Drive, so that the three agree by construction: in a closed loop every I/O
/// meets the same backlog, its mean latency is `mean_latency`, and Little's law gives the rate.
class DriveLaw {
 public:
  virtual ~DriveLaw() = default;

  /// Time of the bottleneck that one I/O occupies (the reciprocal of the saturated rate of its class).
  [[nodiscard]] virtual Seconds work(const IoClass& io) const = 0;
  /// Mean time in the drive of an I/O that enters under this load; with only itself in flight, the unloaded latency.
  [[nodiscard]] virtual Seconds mean_latency(const IoClass& io, const DriveLoad& load) const = 0;
  /// The scatter at `utilization` = backlog / latency, from 0 (unloaded) to 1 (saturated).
  [[nodiscard]] virtual TailShape tail(const IoClass& io, double utilization) const = 0;
};

/// Rate and mean latency of `num_in_flight` I/Os of one class kept outstanding (queue depth x jobs).
struct ClosedLoop {
  PerSecond iops;
  Seconds mean_latency;
  double utilization = 0.0;
};
[[nodiscard]] ClosedLoop closed_loop(const DriveLaw& law, const IoClass& io, double num_in_flight);

/// I/Os of which each is a read with probability `read_fraction`.
struct IoMix {
  IoClass read;
  IoClass write;
  double read_fraction = 0.5;
};
/// Rate of all I/Os and latency of either half, `num_in_flight` kept outstanding.
struct MixedLoop {
  PerSecond iops;
  Seconds read_latency;
  Seconds write_latency;
  double utilization = 0.0;
};
/// Law:    the I/Os in flight share out by Little's law, n_read / n_write = f L_read(B) / ((1 - f) L_write(B)), and leave the
///         backlog B = n_read work_read + n_write work_write that every one of them meets.
/// Inputs: num_in_flight >= 1, read_fraction in [0, 1].
/// Valid:  a drive on which a second of the other direction's work counts as much as one of its own.
/// Source: mean-value argument on DriveLaw; no parameter beyond those of the pure loops.
/// Error:  see tests/validation, rows of randrw and rw.
[[nodiscard]] MixedLoop mixed_loop(const DriveLaw& law, const IoMix& mix, double num_in_flight);

}  // namespace labtwin::storage
