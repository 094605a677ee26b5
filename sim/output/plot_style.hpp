#pragma once

// What the panels of a picture have in common.

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "sim/output/svg.hpp"

namespace labtwin::output {

inline constexpr std::string_view kGrid = "#e3e6ea";
inline constexpr std::string_view kAxis = "#7a828c";
inline constexpr std::string_view kQuiet = "#5b636d";
inline constexpr double kPanelTitleSize = 13.5;

/// Where a panel is drawn; its title stands at the corner.
struct Panel {
  Point corner;
  Size size;
};

/// Ticks are round: no digits for show.
[[nodiscard]] inline std::string tick_text(double value) {
  return fmt::format("{:g}", value);
}

}  // namespace labtwin::output
