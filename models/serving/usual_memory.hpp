#pragma once

// Memory of a host of which nobody tells the processor.

#include <string_view>

#include "models/base/units.hpp"

namespace labtwin::serving {

inline constexpr BytesPerSecond kDdr4Desktop = BytesPerSecond::from_base(51.2e9);    ///< two channels of DDR4-3200
inline constexpr BytesPerSecond kDdr5Desktop = BytesPerSecond::from_base(89.6e9);    ///< two channels of DDR5-5600
inline constexpr BytesPerSecond kServerMemory = BytesPerSecond::from_base(204.8e9);  ///< eight channels of DDR4-3200

/// Law:    a server's where it keeps more of a model than a desktop holds; else a desktop's with DDR5 beside a card of the
///         years of DDR5, with DDR4 beside an older card or none
/// Inputs: architecture of the host's card, empty where it has none; what of a model the host keeps
/// Valid:  desktops and servers with modules; processors that are named are told by models/catalog (cpus, processor_families)
/// Source: channels x transfer rate, medians of models/catalog/cpus: of two channels with DDR4, with DDR5, of six channels and
///         more; desktops hold four modules of 32 GiB of DDR4, of 48 GiB of DDR5
/// Error:  not measured; a factor of 1.7 between the two desktops, and of 6 between a used server and a new one
[[nodiscard]] BytesPerSecond usual_memory_bandwidth(std::string_view card_architecture, Bytes kept);

}  // namespace labtwin::serving
