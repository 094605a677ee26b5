#include "models/interconnect/link_rate.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string>

namespace labtwin::interconnect {
namespace {

// Bytes of a lane per second, one way, by generation.
constexpr std::array<double, 7> kPcieLane = {0.25e9, 0.25e9, 0.5e9, 0.9846e9, 1.9692e9, 3.9385e9, 7.563e9};
constexpr std::array<double, 6> kNvLink = {20e9, 20e9, 25e9, 25e9, 25e9, 50e9};
// The bridge of two RTX 3090 runs its four links slower than those of data centres.
constexpr double kBridgeLink = 14.06e9;
constexpr int kBridgeLinks = 4;
// What Thunderbolt 3 carries of PCIe, 22 Gbit/s; Thunderbolt 4 and USB4, 32; Thunderbolt 5, 64.
constexpr std::array<double, 3> kTunnels = {2.75e9, 4e9, 8e9};
constexpr int kFirstTunnel = 3;
constexpr double kNetworkLink = 25e9;  // 200 Gbit/s

bool starts(const std::string& text, std::string_view prefix) {
  return text.starts_with(prefix);
}

int digit_of(const std::string& text, int otherwise) {
  const auto digit = std::find_if(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  return digit == text.end() ? otherwise : *digit - '0';
}

}  // namespace

std::optional<CardLink> parse_card_link(std::string_view text, std::optional<int> lanes) {
  std::string name(text);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (name.empty()) return std::nullopt;
  if (starts(name, "nvlink")) {
    const int generation = digit_of(name, 3);
    return CardLink{LinkFamily::NvLink, generation, lanes.value_or(generation >= 4 ? 18 : 12)};
  }
  if (starts(name, "tb") || starts(name, "thunderbolt") || starts(name, "usb")) {
    return CardLink{LinkFamily::Tunnel, digit_of(name, 4), 4};
  }
  const bool is_pcie = starts(name, "pcie") || starts(name, "gen") || std::isdigit(static_cast<unsigned char>(name[0])) != 0;
  if (!is_pcie) return std::nullopt;
  return CardLink{LinkFamily::Pcie, digit_of(name, 4), lanes.value_or(16)};
}

BytesPerSecond line_rate(const CardLink& link) {
  const auto generation = static_cast<std::size_t>(std::max(0, link.generation));
  switch (link.family) {
    case LinkFamily::Pcie:
      return BytesPerSecond::from_base(link.lanes * kPcieLane.at(std::min(generation, kPcieLane.size() - 1)));
    case LinkFamily::NvLink: {
      const bool bridge = link.generation == 3 && link.lanes <= kBridgeLinks;
      return BytesPerSecond::from_base(link.lanes *
                                       (bridge ? kBridgeLink : kNvLink.at(std::min(generation, kNvLink.size() - 1))));
    }
    case LinkFamily::Tunnel:
      return BytesPerSecond::from_base(kTunnels.at(static_cast<std::size_t>(std::clamp(link.generation - kFirstTunnel, 0, 2))));
    case LinkFamily::Network:
      return BytesPerSecond::from_base(kNetworkLink);
    case LinkFamily::Unknown:
      break;
  }
  return BytesPerSecond::from_base(16 * kPcieLane.at(4));
}

}  // namespace labtwin::interconnect
