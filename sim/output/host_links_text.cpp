#include "sim/output/host_links_text.hpp"

#include <fmt/format.h>

#include "sim/output/number_text.hpp"
#include "sim/output/text_table.hpp"

namespace labtwin::output {
namespace {

std::string link_name(const interconnect::CardLink& link) {
  return fmt::format("pcie{}x{}", link.generation, link.lanes);
}

}  // namespace

std::string device_links_text(const std::vector<interconnect::DeviceLink>& devices) {
  TextTable table({"address", "link", "capable of", "line rate", "device"});
  std::string warnings;
  for (const interconnect::DeviceLink& device : devices) {
    table.add({device.address, link_name(device.now), link_name(device.capable),
               rate_text(interconnect::line_rate(device.now).value()), device.name});
    if (!device.is_downgraded()) continue;
    warnings +=
        fmt::format("  {} runs at {}, capable of {}\n", device.address, link_name(device.now), link_name(device.capable));
  }
  if (warnings.empty()) return table.text();
  return table.text() + "\nLinks below what their devices are capable of (idle cards lower their speed; lanes they keep):\n" +
         warnings;
}

std::string card_pairs_text(const std::vector<interconnect::CardPair>& pairs) {
  TextTable table({"cards", "path", "over"});
  for (const interconnect::CardPair& pair : pairs) table.add({pair.first + " - " + pair.second, pair.path, pair.meaning});
  return table.text();
}

}  // namespace labtwin::output
