#pragma once

#include <cstddef>

#include "models/calibration/kind.hpp"

namespace labtwin::validation {

/// Kind `vector_disk`: searches of an index on a drive beside a job, replayed by the engine with the drive, the scheduler and
/// the vector store of any scenario. Replays are forked, at most `num_parallel` at once.
[[nodiscard]] calibration::Evaluation evaluate_vector_disk(const calibration::MeasurementTable& table,
                                                           const calibration::Progress& progress, std::size_t num_parallel);

}  // namespace labtwin::validation
