#pragma once

// What a machine says of its own links: `lspci -vv` and `nvidia-smi topo -m`.

#include <string>
#include <string_view>
#include <vector>

#include "models/interconnect/link_rate.hpp"

namespace labtwin::interconnect {

/// A device of `lspci -vv` that has a link.
struct DeviceLink {
  std::string address;  ///< `01:00.0`
  std::string name;
  CardLink capable;  ///< of the device
  CardLink now;      ///< as trained

  [[nodiscard]] bool is_downgraded() const noexcept { return now.lanes < capable.lanes || now.generation < capable.generation; }
};

[[nodiscard]] bool is_lspci(std::string_view text) noexcept;
/// Throws ConfigError where the text ends within a device.
[[nodiscard]] std::vector<DeviceLink> read_lspci(const std::string& file, std::string_view text);

/// How two cards reach each other, by the words of `nvidia-smi topo -m`.
struct CardPair {
  std::string first;
  std::string second;
  std::string path;     ///< `PIX`, `PXB`, `PHB`, `NODE`, `SYS`, `NV4`
  std::string meaning;  ///< in words
};

[[nodiscard]] bool is_topology_matrix(std::string_view text) noexcept;
/// Pairs of cards, each once. Throws ConfigError where rows or cells are missing, or a word is unknown.
[[nodiscard]] std::vector<CardPair> read_topology_matrix(const std::string& file, std::string_view text);

}  // namespace labtwin::interconnect
