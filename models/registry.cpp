#include "models/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "models/base/text.hpp"
#include "models/serving/read_parts.hpp"
#include "models/storage/flush.hpp"
#include "models/storage/read_device_limits.hpp"
#include "models/storage/read_drive_law.hpp"
#include "models/storage/read_flash_parameters.hpp"

namespace labtwin {
namespace {

constexpr std::array<DriveLawRow, 3> kDriveLaws = {{
    {"ncq_power", &storage::read_ncq_power},
    {"queue_depth_curve", &storage::read_queue_depth_curve},
    {"seek_rotation", &storage::read_seek_rotation},
}};
constexpr std::array<AcceleratorLawRow, 1> kAcceleratorLaws{{{"roofline", &serving::read_accelerator}}};
constexpr std::array<HostLawRow, 1> kHostLaws{{{"search_host", &vector::read_search_host}}};
constexpr std::array<LanguageModelLawRow, 1> kLanguageModelLaws{{{"dense_decoder", &serving::read_language_model}}};

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

template <class Row>
std::vector<std::string> names_of(std::span<const Row> rows) {
  std::vector<std::string> names;
  for (const Row& row : rows) names.emplace_back(row.name);
  return names;
}

}  // namespace

std::span<const DriveLawRow> drive_laws() noexcept {
  return kDriveLaws;
}

std::span<const AcceleratorLawRow> accelerator_laws() noexcept {
  return kAcceleratorLaws;
}

std::span<const LanguageModelLawRow> language_model_laws() noexcept {
  return kLanguageModelLaws;
}

std::span<const HostLawRow> host_laws() noexcept {
  return kHostLaws;
}

std::span<const std::string_view> families_with_laws() noexcept {
  static constexpr std::array<std::string_view, 4> kFamilies{"drives", "gpus", "hosts", "llms"};
  return kFamilies;
}

std::vector<std::string> law_names(std::string_view family) {
  if (family == "drives") return names_of(drive_laws());
  if (family == "gpus") return names_of(accelerator_laws());
  if (family == "hosts") return names_of(host_laws());
  if (family == "llms") return names_of(language_model_laws());
  return {};
}

void check_parameters(std::string_view family, const std::string& law, TableReader& parameters) {
  const auto check = [&](auto rows) {
    if (const auto* row = find_law(rows, family, law, parameters)) static_cast<void>(row->make(parameters));
  };
  if (family == "drives") {
    check(drive_laws());
    static_cast<void>(storage::read_device_limits(parameters));
    static_cast<void>(storage::read_flash_parameters(parameters));
    static_cast<void>(storage::read_slc_cache_design(parameters));
    static_cast<void>(storage::read_flush_time(parameters));
    static_cast<void>(storage::read_drive_interface(parameters));
    return;
  }
  if (family == "gpus") return check(accelerator_laws());
  if (family == "hosts") return check(host_laws());
  if (family == "llms") return check(language_model_laws());
  parameters.accept_rest();
  parameters.fail({}, fmt::format("\"{}\" is no family of parts: drives, gpus, hosts or llms", printable(family)));
}

DrivePart load_drive(const catalog::Catalog& catalog, std::string_view part) {
  DrivePart drive;
  drive.entry = catalog.read("drives", part, [&](const std::string& law, TableReader& parameters) {
    const DriveLawRow* row = find_law(drive_laws(), "drives", law, parameters);
    if (row == nullptr) return;
    drive.law = row->make(parameters);
    drive.limits = storage::read_device_limits(parameters);
    drive.flash = storage::read_flash_parameters(parameters);
    drive.slc_cache = storage::read_slc_cache_design(parameters);
    drive.flush = storage::read_flush_time(parameters);
    drive.interface = storage::read_drive_interface(parameters);
  });
  return drive;
}

HostPart load_host(const catalog::Catalog& catalog, std::string_view part) {
  HostPart host;
  host.entry = catalog.read("hosts", part, [&](const std::string& law, TableReader& parameters) {
    if (const auto* row = find_law(host_laws(), "hosts", law, parameters)) host.host = row->make(parameters);
  });
  return host;
}

AcceleratorPart load_accelerator(const catalog::Catalog& catalog, std::string_view part) {
  AcceleratorPart gpu;
  gpu.entry = catalog.read("gpus", part, [&](const std::string& law, TableReader& parameters) {
    if (const auto* row = find_law(accelerator_laws(), "gpus", law, parameters)) gpu.accelerator = row->make(parameters);
  });
  return gpu;
}

LanguageModelPart load_language_model(const catalog::Catalog& catalog, std::string_view part) {
  LanguageModelPart llm;
  llm.entry = catalog.read("llms", part, [&](const std::string& law, TableReader& parameters) {
    if (const auto* row = find_law(language_model_laws(), "llms", law, parameters)) llm.model = row->make(parameters);
  });
  return llm;
}

}  // namespace labtwin
