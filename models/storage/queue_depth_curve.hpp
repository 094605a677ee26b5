#pragma once

#include <cstdint>
#include <memory>

#include "models/storage/drive_law.hpp"

namespace labtwin::storage {

/// How the request rate and the byte rate of a drive limit it together.
/// Larger: the slower of the two binds (separate stages, one per request and one per byte). Sum: each request pays both.
enum class WorkRule : std::uint8_t { Larger, Sum };

/// Parameters of one direction and pattern.
struct QueueDepthClass {
  Seconds latency_floor;            ///< latency of a vanishing block at depth 1, > 0
  BytesPerSecond stream_bandwidth;  ///< byte rate of a single I/O on its way, > 0; adds block / stream_bandwidth to the floor
  PerSecond max_iops;               ///< saturated rate of small blocks, > 0
  BytesPerSecond bandwidth;         ///< saturated rate of large blocks, > 0
  WorkRule work_rule = WorkRule::Larger;
  double knee = 2.0;  ///< sharpness p >= 1: 1 is a soft bend, 6 a sharp one
  TailCurve tail{};
};

using QueueDepthParameters = PerIoClass<QueueDepthClass>;

/// Law:    latency = (floor^p + backlog^p)^(1/p); floor = latency_floor + block / stream_bandwidth; the work of an I/O, whose
///         sum over all in flight is the backlog, is the larger (or the sum) of 1 / max_iops and block / bandwidth. In a closed
///         loop at depth N: X(N) = ((floor/N)^p + work^p)^(-1/p).
/// Inputs: block size > 0, backlog >= work of the I/O itself.
/// Valid:  flash and other drives whose rate grows with depth up to a plateau; one host CPU in the path is part of max_iops.
/// Source: 269 fio sweeps of 31 devices; p-norm fits the plateau and the knee with three parameters.
/// Error:  leave-out (fit depths 1, 4, 16, 64; predict 2, 8, 32, 128): IOPS median 1.8 %, p90 19.7 %.
[[nodiscard]] std::unique_ptr<DriveLaw> make_queue_depth_curve(const QueueDepthParameters& parameters);

}  // namespace labtwin::storage
