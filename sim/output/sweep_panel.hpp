#pragma once

#include "sim/output/plot_style.hpp"
#include "sim/run/results.hpp"

namespace labtwin::output {

/// How long requests take over the values of the sweep and, where some fail, how many do. There are at least two values.
void draw_sweep_panel(Svg& svg, const Panel& panel, const Results& results);
[[nodiscard]] double sweep_panel_height(const SweepResult& sweep);

}  // namespace labtwin::output
