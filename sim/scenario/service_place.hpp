#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/catalog/catalog.hpp"
#include "sim/scenario/lab.hpp"
#include "sim/scenario/service_spec.hpp"
#include "sim/scenario/variants.hpp"

namespace labtwin {

/// The I/O classes of ionice(1).
inline const EnumNames<IoClassName> kIoClasses = {
    {"realtime", IoClassName::Realtime}, {"best_effort", IoClassName::BestEffort}, {"idle", IoClassName::Idle}};

/// What a service's table may refer to.
struct ServicePlace {
  const NodeSpec* node = nullptr;  ///< nullptr: the node is wrong, and has been reported
  const catalog::Catalog& catalog;
  const std::vector<std::filesystem::path>& folders;  ///< where files that a scenario names are searched, in this order
};

/// Nothing if none of the folders has it.
[[nodiscard]] std::optional<std::filesystem::path> find_file(const std::string& name,
                                                             const std::vector<std::filesystem::path>& folders);

/// A key that names what the node keeps data on.
inline void check_drive(TableReader& table, std::string_view key, const std::string& drive, const ServicePlace& place) {
  if (place.node == nullptr) return;
  if (const PoolSpec* pool = place.node->pool_of(drive); pool != nullptr && table.has(key)) {
    table.fail(key, drive + " belongs to the pool " + pool->name + ": data is kept on the pool");
  } else {
    check_reference(table, key, drive, place.node->volume_names());
  }
}

}  // namespace labtwin
