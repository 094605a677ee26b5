#include "models/interconnect/card_group.hpp"

namespace labtwin::interconnect {

bool reaches_peers(std::string_view part) noexcept {
  const auto is_of = [&](std::string_view series) {
    return part.starts_with(series) && part.find("-ada") == std::string_view::npos;
  };
  return !(is_of("rtx-20") || is_of("rtx-30") || is_of("rtx-40") || is_of("rtx-50"));
}

}  // namespace labtwin::interconnect
