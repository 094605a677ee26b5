#include "models/interconnect/host_links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <utility>

#include "models/base/error.hpp"
#include "models/base/text.hpp"

namespace labtwin::interconnect {
namespace {

using Pair = std::pair<double, int>;

// Transfers per second of a lane, in 10^9, and the generation that has them.
constexpr std::array<Pair, 6> kSpeeds = {{{2.5, 1}, {5.0, 2}, {8.0, 3}, {16.0, 4}, {32.0, 5}, {64.0, 6}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kPaths = {{
    {"PIX", "one switch"},
    {"PXB", "several switches, no host bridge"},
    {"PHB", "a host bridge"},
    {"NODE", "host bridges of one NUMA node"},
    {"SYS", "the link between sockets"},
}};

[[noreturn]] void fail(const std::string& file, std::size_t line, std::string rule, std::string hint) {
  throw ConfigError({.place = {file, line, 1}, .key = {}, .value = {}, .rule = std::move(rule), .hint = std::move(hint)});
}

std::optional<double> number_after(std::string_view text, std::string_view word) {
  const std::size_t at = text.find(word);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string rest(text.substr(at + word.size()));
  char* end = nullptr;
  const double value = std::strtod(rest.c_str(), &end);
  return end == rest.c_str() ? std::nullopt : std::optional<double>(value);
}

/// `Speed 16GT/s, Width x16`; nothing if either is missing or unknown.
std::optional<CardLink> link_in(std::string_view line) {
  const auto speed = number_after(line, "Speed ");
  const auto width = number_after(line, "Width x");
  if (!speed || !width) return std::nullopt;
  const auto found = std::find_if(kSpeeds.begin(), kSpeeds.end(), [&](const Pair& pair) { return pair.first == *speed; });
  if (found == kSpeeds.end()) return std::nullopt;
  return CardLink{LinkFamily::Pcie, found->second, static_cast<int>(*width)};
}

bool starts_device(std::string_view line) {
  return !line.empty() && std::isxdigit(static_cast<unsigned char>(line.front())) != 0 &&
         line.find(':') != std::string_view::npos;
}

std::string meaning_of(std::string_view path) {
  if (path.starts_with("NV")) return fmt::format("{} NVLinks", path.substr(2));
  const auto found = std::find_if(kPaths.begin(), kPaths.end(), [&](const auto& pair) { return pair.first == path; });
  return found == kPaths.end() ? std::string() : std::string(found->second);
}

std::vector<std::string> words_of(std::string_view line) {
  std::istringstream stream{std::string(line)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

bool names_card(const std::string& word) {
  return word.starts_with("GPU") && word.size() > 3 && std::isdigit(static_cast<unsigned char>(word[3])) != 0;
}

/// A device under way: its capability is read, its state is not yet.
struct Unfinished {
  DeviceLink device;
  bool has_capability = false;
};

}  // namespace

bool is_lspci(std::string_view text) noexcept {
  return text.find("LnkCap:") != std::string_view::npos;
}

std::vector<DeviceLink> read_lspci(const std::string& file, std::string_view text) {
  std::vector<DeviceLink> devices;
  Unfinished now;
  std::istringstream stream{std::string(text)};
  std::size_t number = 0;
  const auto cut_off = [&] {
    fail(file, number, fmt::format("is cut off: {} has a capability and no state of its link", now.device.address),
         "let `lspci -vv` finish, as root");
  };
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (starts_device(line)) {
      if (now.has_capability) cut_off();
      const std::size_t space = line.find(' ');
      now = {.device = {.address = line.substr(0, space),
                        .name = std::string(trim(line.substr(std::min(space, line.size())))),
                        .capable = {},
                        .now = {}},
             .has_capability = false};
    } else if (line.find("LnkCap:") != std::string::npos) {
      const auto link = link_in(line);
      if (!link) cut_off();
      now.device.capable = *link;
      now.has_capability = true;
    } else if (line.find("LnkSta:") != std::string::npos && now.has_capability) {
      const auto link = link_in(line);
      if (!link) cut_off();
      now.device.now = *link;
      devices.push_back(now.device);
      now.has_capability = false;
    }
  }
  if (now.has_capability) cut_off();
  return devices;
}

bool is_topology_matrix(std::string_view text) noexcept {
  return text.find("GPU0") != std::string_view::npos && text.find("CPU Affinity") != std::string_view::npos;
}

std::vector<CardPair> read_topology_matrix(const std::string& file, std::string_view text) {
  std::vector<std::string> cards;
  std::vector<CardPair> pairs;
  std::istringstream stream{std::string(text)};
  std::size_t number = 0;
  std::size_t num_rows = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    std::vector<std::string> words = words_of(line);
    if (cards.empty()) {
      std::copy_if(words.begin(), words.end(), std::back_inserter(cards), names_card);
      continue;
    }
    if (words.empty() || !names_card(words.front())) continue;
    const std::size_t row = num_rows++;
    for (std::size_t column = row + 1; column < cards.size(); ++column) {
      if (column + 1 >= words.size())
        fail(file, number, "is cut off: the row has too few cells", "let `nvidia-smi topo -m` finish");
      const std::string& path = words[column + 1];
      const std::string meaning = meaning_of(path);
      if (meaning.empty())
        fail(file, number, fmt::format("has an unknown path \"{}\"", printable(path)), "NV#, PIX, PXB, PHB, NODE, SYS");
      pairs.push_back({words.front(), cards[column], path, meaning});
    }
  }
  if (num_rows < cards.size()) {
    fail(file, number, fmt::format("is cut off: {} of {} cards have a row", num_rows, cards.size()),
         "let `nvidia-smi topo -m` finish");
  }
  return pairs;
}

}  // namespace labtwin::interconnect
