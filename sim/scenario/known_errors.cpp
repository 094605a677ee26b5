#include "sim/scenario/known_errors.hpp"

#include <filesystem>
#include <set>
#include <string>

#include "models/calibration/measurement_set.hpp"
#include "models/catalog/data_folder.hpp"
#include "models/registry.hpp"

namespace labtwin {
namespace {

namespace fs = std::filesystem;

// The bounds over all rows of the set of an entry; nothing if the entry was fitted to a set that is not there.
void add_bounds(const catalog::Entry& entry, std::vector<KnownErrorRow>& rows) {
  if (!entry.fit) return;
  const fs::path manifest = catalog::find_data_folder().calibration.parent_path() / entry.fit->set / "manifest.toml";
  if (!fs::exists(manifest)) return;
  for (const calibration::Bound& bound : calibration::read_manifest(manifest).bounds) {
    if (!bound.group.empty()) continue;
    rows.push_back({.part = entry.part,
                    .set = entry.fit->set,
                    .quantity = bound.quantity,
                    .median_ape_pct = bound.median_ape_pct,
                    .p90_ape_pct = bound.p90_ape_pct});
  }
}

}  // namespace

std::vector<KnownErrorRow> known_errors_of(const Scenario& scenario) {
  const catalog::Catalog catalog;
  std::vector<KnownErrorRow> rows;
  std::set<std::string> seen;
  for (const NodeSpec& node : scenario.lab.nodes) {
    for (const DriveSpec& drive : node.drives) {
      if (seen.insert(drive.part).second) add_bounds(load_drive(catalog, drive.part).entry, rows);
    }
  }
  return rows;
}

}  // namespace labtwin
