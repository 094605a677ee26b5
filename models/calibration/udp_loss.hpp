#pragma once

// Kind `udp_loss`: the share of datagrams that a receiver loses by socket buffer, payload, rate and stalls.

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

[[nodiscard]] Evaluation evaluate_udp_loss(const MeasurementTable& table, const Progress& progress);

}  // namespace labtwin::calibration
