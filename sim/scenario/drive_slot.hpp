#pragma once

#include <memory>
#include <optional>
#include <string>

#include "models/base/table_reader.hpp"
#include "models/registry.hpp"
#include "models/storage/drive_link.hpp"

namespace labtwin {

/// The key `link` of a drive in a lab: what it is plugged into. Nothing for what the part is made for. A link that cannot take
/// the part is a mistake; those of the part itself are told elsewhere.
[[nodiscard]] std::optional<storage::DriveLink> read_slot_link(TableReader& drive, const std::string& part,
                                                               const catalog::Catalog& catalog);

/// The law of a part that is plugged into this link.
[[nodiscard]] std::unique_ptr<storage::DriveLaw> law_in_slot(DrivePart part, const std::optional<storage::DriveLink>& link);

}  // namespace labtwin
