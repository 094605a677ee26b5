#include "models/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <mutex>
#include <utility>

#include "models/base/text.hpp"
#include "models/serving/model_file.hpp"
#include "models/storage/flush.hpp"
#include "models/storage/read_device_limits.hpp"
#include "models/storage/read_drive_law.hpp"
#include "models/storage/read_flash_parameters.hpp"
#include "models/storage/read_thermal_design.hpp"

namespace labtwin {
namespace {

constexpr std::array<DriveLawRow, 3> kDriveLaws = {{
    {"ncq_power", &storage::read_ncq_power, true},
    {"queue_depth_curve", &storage::read_queue_depth_curve},
    {"seek_rotation", &storage::read_seek_rotation, true},
}};
constexpr std::array<AcceleratorLawRow, 1> kAcceleratorLaws{{{"accelerator", &serving::read_accelerator_spec}}};
constexpr std::array<ProcessorLawRow, 1> kProcessorLaws{{{"processor", &serving::read_processor_spec}}};
constexpr std::array<BoardLawRow, 1> kBoardLaws{{{"slot_map", &topology::read_board}}};
constexpr std::array<NicLawRow, 1> kNicLaws{{{"host_ceiling", &network::read_nic_design}}};
constexpr std::array<HostLawRow, 1> kHostLaws{{{"search_host", &vector::read_search_host}}};
constexpr std::array<ModelLawRow, 1> kLanguageModelLaws{{{"decoder", &serving::read_model_shape}}};
constexpr std::array<ModelLawRow, 1> kEmbedderLaws{{{"encoder", &serving::read_model_shape}}};

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

/// Reads a part whose laws all give one type.
template <class Row, class Spec>
catalog::Entry read_with(const catalog::Catalog& catalog, std::string_view family, std::string_view part,
                         std::span<const Row> laws, Spec& spec) {
  return catalog.read(family, part, [&](const std::string& law, TableReader& parameters) {
    if (const Row* row = find_law(laws, family, law, parameters)) spec = row->make(parameters);
  });
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

std::span<const ProcessorLawRow> processor_laws() noexcept {
  return kProcessorLaws;
}

std::span<const NicLawRow> nic_laws() noexcept {
  return kNicLaws;
}

std::span<const ModelLawRow> language_model_laws() noexcept {
  return kLanguageModelLaws;
}

std::span<const ModelLawRow> embedder_laws() noexcept {
  return kEmbedderLaws;
}

std::span<const HostLawRow> host_laws() noexcept {
  return kHostLaws;
}

std::span<const BoardLawRow> board_laws() noexcept {
  return kBoardLaws;
}

std::span<const std::string_view> families_with_laws() noexcept {
  static constexpr std::array<std::string_view, 8> kFamilies{"boards", "cpus",  "drives", "embedders",
                                                             "gpus",   "hosts", "llms",   "nics"};
  return kFamilies;
}

std::vector<std::string> law_names(std::string_view family) {
  if (family == "boards") return names_of(board_laws());
  if (family == "cpus") return names_of(processor_laws());
  if (family == "drives") return names_of(drive_laws());
  if (family == "embedders") return names_of(embedder_laws());
  if (family == "gpus") return names_of(accelerator_laws());
  if (family == "hosts") return names_of(host_laws());
  if (family == "llms") return names_of(language_model_laws());
  if (family == "nics") return names_of(nic_laws());
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
    static_cast<void>(storage::read_thermal_design(parameters));
    static_cast<void>(storage::read_flush_time(parameters));
    static_cast<void>(storage::read_drive_interface(parameters));
    return;
  }
  if (family == "boards") return check(board_laws());
  if (family == "cpus") return check(processor_laws());
  if (family == "embedders") return check(embedder_laws());
  if (family == "gpus") return check(accelerator_laws());
  if (family == "hosts") return check(host_laws());
  if (family == "llms") return check(language_model_laws());
  if (family == "nics") return check(nic_laws());
  parameters.accept_rest();
  parameters.fail({}, fmt::format("\"{}\" is no family of parts: boards, cpus, drives, embedders, gpus, hosts, llms or nics",
                                  printable(family)));
}

BoardPart load_board(const catalog::Catalog& catalog, std::string_view part) {
  BoardPart board;
  board.entry = read_with(catalog, "boards", part, board_laws(), board.board);
  return board;
}

DrivePart load_drive(const catalog::Catalog& catalog, std::string_view part) {
  DrivePart drive;
  drive.entry = catalog.read("drives", part, [&](const std::string& law, TableReader& parameters) {
    const DriveLawRow* row = find_law(drive_laws(), "drives", law, parameters);
    if (row == nullptr) return;
    drive.law = row->make(parameters);
    drive.limits = storage::read_device_limits(parameters);
    drive.limits.has_head = row->has_head;
    drive.flash = storage::read_flash_parameters(parameters);
    drive.slc_cache = storage::read_slc_cache_design(parameters);
    drive.thermal = storage::read_thermal_design(parameters);
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
  gpu.entry = read_with(catalog, "gpus", part, accelerator_laws(), gpu.spec);
  return gpu;
}

ProcessorPart load_processor(const catalog::Catalog& catalog, std::string_view part) {
  ProcessorPart cpu;
  cpu.entry = read_with(catalog, "cpus", part, processor_laws(), cpu.spec);
  return cpu;
}

NicPart load_nic(const catalog::Catalog& catalog, std::string_view part) {
  NicPart nic;
  nic.entry = read_with(catalog, "nics", part, nic_laws(), nic.design);
  return nic;
}

bool is_model_file(std::string_view name) noexcept {
  return name.ends_with(".json") || name.ends_with(".gguf");
}

std::optional<ModelPart> find_language_model(const catalog::Catalog& catalog, std::string_view part) {
  const std::vector<std::string>& parts = catalog.parts("llms");
  const bool is_file = is_model_file(part) && std::filesystem::exists(part);
  if (!is_file && std::find(parts.begin(), parts.end(), part) == parts.end()) return std::nullopt;
  return load_language_model(catalog, part);
}

ModelPart load_language_model(const catalog::Catalog& catalog, std::string_view part) {
  ModelPart model;
  if (is_model_file(part)) {
    serving::ModelFile file = serving::read_model_file(part, load_quant_table(catalog));
    model.shape = file.shape;
    model.entry.family = "llms";
    model.entry.part = model.entry.name = std::move(file.name);
    model.entry.grade = catalog::Grade::Datasheet;
    model.entry.source.text = "the model's own file";
    return model;
  }
  model.entry = read_with(catalog, "llms", part, language_model_laws(), model.shape);
  return model;
}

ModelPart load_embedder(const catalog::Catalog& catalog, std::string_view part) {
  ModelPart model;
  model.entry = read_with(catalog, "embedders", part, embedder_laws(), model.shape);
  return model;
}

serving::QuantTable load_quant_table(const catalog::Catalog& catalog) {
  // Every question about a server asks for it, and reading it takes longer than the answers.
  static std::mutex guard;
  static std::map<std::filesystem::path, serving::QuantTable> known;
  const std::scoped_lock lock(guard);
  const std::filesystem::path file = catalog.folder() / "quantisation.toml";
  if (const auto found = known.find(file); found != known.end()) return found->second;
  DiagnosticSink sink;
  serving::QuantTable table = serving::read_quant_table(Document::read(file), sink);
  sink.throw_if_any();
  return known.emplace(file, std::move(table)).first->second;
}

std::vector<serving::NamedModelSize> load_model_sizes(const catalog::Catalog& catalog) {
  DiagnosticSink sink;
  auto sizes = serving::read_model_sizes(Document::read(catalog.folder() / "model_sizes.toml"), sink);
  sink.throw_if_any();
  return sizes;
}

std::vector<serving::ProcessorFamily> load_processor_families(const catalog::Catalog& catalog) {
  DiagnosticSink sink;
  auto families = serving::read_processor_families(Document::read(catalog.folder() / "processor_families.toml"), sink);
  sink.throw_if_any();
  return families;
}

}  // namespace labtwin
