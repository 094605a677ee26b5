#include "models/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "models/base/text.hpp"
#include "models/storage/read_drive_law.hpp"

namespace labtwin {
namespace {

constexpr std::array<DriveLawRow, 2> kDriveLaws = {{
    {"ncq_power", &storage::read_ncq_power},
    {"queue_depth_curve", &storage::read_queue_depth_curve},
}};

/// The row that a law's name selects; without one, a diagnostic and nullptr.
template <class Row>
const Row* find_law(std::span<const Row> rows, std::string_view family, const std::string& law, TableReader& parameters) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.name == law; });
  if (found != rows.end()) return &*found;
  const std::vector<std::string> names = law_names(family);
  parameters.accept_rest();
  parameters.fail({}, fmt::format("there is no law \"{}\" for {}: {}", printable(law), family, join_names(names)),
                  nearest_name_hint(law, names));
  return nullptr;
}

}  // namespace

std::span<const DriveLawRow> drive_laws() noexcept {
  return kDriveLaws;
}

std::vector<std::string> law_names(std::string_view family) {
  std::vector<std::string> names;
  if (family == "drives") {
    for (const DriveLawRow& row : drive_laws()) names.emplace_back(row.name);
  }
  return names;
}

void check_parameters(std::string_view family, const std::string& law, TableReader& parameters) {
  if (family == "drives") {
    if (const DriveLawRow* row = find_law(drive_laws(), family, law, parameters)) static_cast<void>(row->make(parameters));
    return;
  }
  parameters.accept_rest();
  parameters.fail({}, fmt::format("\"{}\" is no family of parts: drives", printable(family)));
}

DrivePart load_drive(const catalog::Catalog& catalog, std::string_view part) {
  DrivePart drive;
  drive.entry = catalog.read("drives", part, [&](const std::string& law, TableReader& parameters) {
    if (const DriveLawRow* row = find_law(drive_laws(), "drives", law, parameters)) drive.law = row->make(parameters);
  });
  return drive;
}

}  // namespace labtwin
