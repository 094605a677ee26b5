#pragma once

#include <memory>

#include "models/base/table_reader.hpp"
#include "models/storage/drive_law.hpp"
#include "models/storage/queue_depth_curve.hpp"

namespace labtwin::storage {

/// The laws of drives from the `[parameters]` of a catalog entry: one table per direction and pattern (`random_read`,
/// `random_write`, `sequential_read`, `sequential_write`), each with the members of QueueDepthClass or NcqClass by name and,
/// optionally, `tail`, a list of `{ utilization, p50, p95, p99, p999 }` (ratios to the mean). Mistakes go to the reader's sink.
[[nodiscard]] QueueDepthParameters read_queue_depth_parameters(TableReader& parameters);
[[nodiscard]] std::unique_ptr<DriveLaw> read_queue_depth_curve(TableReader& parameters);
[[nodiscard]] std::unique_ptr<DriveLaw> read_ncq_power(TableReader& parameters);
/// A disk by its datasheet: the members of DiskMechanics by name.
[[nodiscard]] std::unique_ptr<DriveLaw> read_seek_rotation(TableReader& parameters);

}  // namespace labtwin::storage
