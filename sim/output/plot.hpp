#pragma once

#include <string>

#include "sim/run/results.hpp"

namespace labtwin::output {

/// The answer as a picture (SVG): the sweep's latency curves where the scenario sweeps something, and what the slowest 5 % of
/// requests spend their time on, as it is and for every what-if.
[[nodiscard]] std::string plot_svg(const Results& results);

}  // namespace labtwin::output
