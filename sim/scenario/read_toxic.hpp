#pragma once

#include "sim/scenario/degradation_spec.hpp"

namespace labtwin {

/// Reads `toxic`, in the words and units of toxiproxy: milliseconds, KB/s, bytes, microseconds for the delay of a slicer.
void read_toxic(TableReader& table, DegradationSpec& spec);

}  // namespace labtwin
