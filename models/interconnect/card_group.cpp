#include "models/interconnect/card_group.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace labtwin::interconnect {
namespace {

constexpr std::array<std::string_view, 5> kForwarding = {"Maxwell", "Pascal", "Volta", "Turing", "Ampere"};

// `2080`, `3090`, `4060`: the workstation cards of the same years end in three noughts or in 500.
bool is_geforce_number(std::string_view text) {
  return text.size() >= 4 && text[0] >= '2' && text[0] <= '5' && text[1] == '0' && text[2] >= '5' && text[2] <= '9' &&
         text[3] == '0';
}

}  // namespace

bool is_geforce(std::string_view name) noexcept {
  for (std::size_t at = 0; at + 3 < name.size(); ++at) {
    const auto lower = [&](std::size_t i) { return std::tolower(static_cast<unsigned char>(name[at + i])); };
    if (lower(0) != 'r' || lower(1) != 't' || lower(2) != 'x') continue;
    const std::string_view behind = name.substr(at + 3);
    const bool is_apart = behind.starts_with(' ') || behind.starts_with('-');
    if (is_geforce_number(behind.substr(is_apart ? 1 : 0))) return true;
  }
  return false;
}

std::string_view vendor_in_name(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower.find("arc ") != std::string::npos) return "Intel";
  constexpr std::array<std::string_view, 4> kAmd = {"radeon", "amd", "vega", "ryzen"};
  const bool is_amd =
      std::any_of(kAmd.begin(), kAmd.end(), [&](std::string_view word) { return lower.find(word) != std::string::npos; });
  return is_amd ? "AMD" : "NVIDIA";
}

bool library_lets_reach(std::string_view vendor, int num_cards, bool behind_switch) noexcept {
  return vendor != "NVIDIA" || behind_switch || num_cards <= 2;
}

Staging staging_of(std::string_view architecture) noexcept {
  const bool forwards = std::find(kForwarding.begin(), kForwarding.end(), architecture) != kForwarding.end();
  return forwards ? Staging::Forwarded : Staging::Overlapped;
}

}  // namespace labtwin::interconnect
