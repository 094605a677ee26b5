#pragma once

// Links between cards, and between a card and its host: what the line carries, and how long a copy takes.

#include <cstdint>
#include <optional>
#include <string_view>

#include "models/base/units.hpp"

namespace labtwin::interconnect {

enum class LinkFamily : std::uint8_t { Pcie, Tunnel, NvLink, Network, Unknown };

/// What a card hangs on. Of PCIe the generation and lanes as negotiated; of NVLink the generation and the number of links; a
/// tunnel is Thunderbolt or USB4.
struct CardLink {
  LinkFamily family = LinkFamily::Pcie;
  int generation = 4;
  int lanes = 16;

  bool operator==(const CardLink&) const noexcept = default;
};

/// `3`, `pcie4`, `TB4`, `USB4`, `NVLink3`; nothing if the text names no link.
[[nodiscard]] std::optional<CardLink> parse_card_link(std::string_view text, std::optional<int> lanes);

/// Law:    PCIe: lanes x transfer rate x line code (8b/10b up to generation 2, 128b/130b from 3, FLITs from 6). NVLink: links x
///         20, 25, 25 (14.06 on the bridge of consumer cards), 25, 50 GB/s one way for generations 1 to 5. A tunnel carries 22
///         Gbit/s of PCIe (Thunderbolt 3), 32 (Thunderbolt 4 and USB4), 64 (Thunderbolt 5)
/// Inputs: a link as negotiated
/// Valid:  one direction
/// Source: PCI Express Base Specification; NVIDIA Ampere and Hopper white papers; Thunderbolt and USB4 specifications
/// Error:  exact; what copies reach of it is a factor, see kind pcie_links
[[nodiscard]] BytesPerSecond line_rate(const CardLink& link);

}  // namespace labtwin::interconnect
