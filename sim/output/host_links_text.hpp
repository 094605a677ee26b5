#pragma once

#include <string>
#include <vector>

#include "models/interconnect/host_links.hpp"

namespace labtwin::output {

/// Links of a machine's devices, those that trained below their capability named once more.
[[nodiscard]] std::string device_links_text(const std::vector<interconnect::DeviceLink>& devices);
[[nodiscard]] std::string card_pairs_text(const std::vector<interconnect::CardPair>& pairs);

}  // namespace labtwin::output
