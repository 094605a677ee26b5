#pragma once

#include "sim/output/plot_style.hpp"
#include "sim/run/results.hpp"

namespace labtwin::output {

/// What the slowest 5 % of requests spend their time on, as it is and for every what-if: a bar each, and a legend.
void draw_tail_panel(Svg& svg, const Panel& panel, const Results& results);
/// What it takes at this width.
[[nodiscard]] double tail_panel_height(const Results& results, double width);

}  // namespace labtwin::output
