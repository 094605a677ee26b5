#include "sim/scenario/drive_slot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace labtwin {

using storage::DriveLink;

std::optional<DriveLink> read_slot_link(TableReader& drive, const std::string& part, const catalog::Catalog& catalog) {
  const std::optional<DriveLink> slot = storage::read_drive_link(drive, "link");
  const std::vector<std::string>& parts = catalog.parts("drives");
  if (!slot || std::find(parts.begin(), parts.end(), part) == parts.end()) return slot;
  const std::optional<DriveLink> native = load_drive(catalog, part).interface;
  if (!native) return slot;
  if (storage::takes_drive(*slot, *native)) return storage::negotiated(*slot, *native);
  drive.fail("link", fmt::format("cannot take {}, which is made for {}", part, storage::drive_link_name(*native)));
  return std::nullopt;
}

std::unique_ptr<storage::DriveLaw> law_in_slot(DrivePart part, const std::optional<DriveLink>& link) {
  return link ? storage::behind_link(std::move(part.law), *link, part.interface) : std::move(part.law);
}

}  // namespace labtwin
