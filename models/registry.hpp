#pragma once

// The laws that catalog entries can name: one table per family, a row per law. Adding a law is its source file and a row here.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "models/base/table_reader.hpp"
#include "models/catalog/catalog.hpp"
#include "models/network/nic_design.hpp"
#include "models/serving/accelerator_spec.hpp"
#include "models/serving/model_shape.hpp"
#include "models/serving/model_sizes.hpp"
#include "models/serving/processor_family.hpp"
#include "models/serving/quantisation.hpp"
#include "models/storage/device_queue.hpp"
#include "models/storage/drive_law.hpp"
#include "models/storage/drive_link.hpp"
#include "models/storage/flash_log.hpp"
#include "models/storage/slc_cache_design.hpp"
#include "models/storage/thermal_state.hpp"
#include "models/topology/board.hpp"
#include "models/vector/search_host.hpp"

namespace labtwin {

/// A law of the family `drives` and the function that makes it from the parameters of an entry.
struct DriveLawRow {
  std::string_view name;
  std::unique_ptr<storage::DriveLaw> (*make)(TableReader& parameters);
  bool has_head = false;  ///< of spinning disks, whose streams pay for the way back to where they were
};
[[nodiscard]] std::span<const DriveLawRow> drive_laws() noexcept;

/// A law of the families `gpus` (what a card's datasheet says), `cpus`, `llms` and `embedders` (the shape of a model).
struct AcceleratorLawRow {
  std::string_view name;
  serving::AcceleratorSpec (*make)(TableReader& parameters);
};
struct ProcessorLawRow {
  std::string_view name;
  serving::ProcessorSpec (*make)(TableReader& parameters);
};
struct ModelLawRow {
  std::string_view name;
  serving::ModelShape (*make)(TableReader& parameters);
};
/// A law of the family `nics`: what a host gets through a network card.
struct NicLawRow {
  std::string_view name;
  network::NicDesign (*make)(TableReader& parameters);
};
[[nodiscard]] std::span<const NicLawRow> nic_laws() noexcept;
[[nodiscard]] std::span<const AcceleratorLawRow> accelerator_laws() noexcept;
[[nodiscard]] std::span<const ProcessorLawRow> processor_laws() noexcept;
[[nodiscard]] std::span<const ModelLawRow> language_model_laws() noexcept;
[[nodiscard]] std::span<const ModelLawRow> embedder_laws() noexcept;

/// A law of the family `hosts`: how a measured node runs services.
struct HostLawRow {
  std::string_view name;
  vector::SearchHost (*make)(TableReader& parameters);
};
[[nodiscard]] std::span<const HostLawRow> host_laws() noexcept;

/// A law of the family `boards`: which slots a mainboard has.
struct BoardLawRow {
  std::string_view name;
  topology::Board (*make)(TableReader& parameters);
};
[[nodiscard]] std::span<const BoardLawRow> board_laws() noexcept;

/// The families of parts that have laws.
[[nodiscard]] std::span<const std::string_view> families_with_laws() noexcept;

/// The names of a family's laws; empty for a family without.
[[nodiscard]] std::vector<std::string> law_names(std::string_view family);

/// Judges law and parameters of an entry of any family; mistakes go to the reader's sink.
void check_parameters(std::string_view family, const std::string& law, TableReader& parameters);

/// A mainboard of the catalog.
struct BoardPart {
  catalog::Entry entry;
  topology::Board board;
};
/// Throws ConfigError if there is no such part or its file is wrong.
[[nodiscard]] BoardPart load_board(const catalog::Catalog& catalog, std::string_view part);

/// A drive of the catalog.
struct DrivePart {
  catalog::Entry entry;
  std::unique_ptr<storage::DriveLaw> law;
  storage::DeviceLimits limits;
  std::optional<storage::FlashParameters> flash;     ///< how it ages under writes, where that is known
  std::optional<storage::SlcCacheDesign> slc_cache;  ///< of drives that have one
  std::optional<storage::ThermalDesign> thermal;     ///< how hot it gets, where that is known
  std::optional<Seconds> flush;                      ///< time to empty its volatile cache, where that is known
  std::optional<storage::DriveLink> interface;       ///< what it is made for, where that is known
};
/// Throws ConfigError if there is no such part or its file is wrong.
[[nodiscard]] DrivePart load_drive(const catalog::Catalog& catalog, std::string_view part);

/// A host of the catalog.
struct HostPart {
  catalog::Entry entry;
  vector::SearchHost host;
};
[[nodiscard]] HostPart load_host(const catalog::Catalog& catalog, std::string_view part);

/// A card, a processor, a network card, and a language model or embedder, of the catalog.
struct AcceleratorPart {
  catalog::Entry entry;
  serving::AcceleratorSpec spec;
};
struct ProcessorPart {
  catalog::Entry entry;
  serving::ProcessorSpec spec;
};
struct NicPart {
  catalog::Entry entry;
  network::NicDesign design;
};
struct ModelPart {
  catalog::Entry entry;
  serving::ModelShape shape;
};
[[nodiscard]] AcceleratorPart load_accelerator(const catalog::Catalog& catalog, std::string_view part);
[[nodiscard]] ProcessorPart load_processor(const catalog::Catalog& catalog, std::string_view part);
[[nodiscard]] NicPart load_nic(const catalog::Catalog& catalog, std::string_view part);
/// `part` may be a file, see is_model_file().
[[nodiscard]] ModelPart load_language_model(const catalog::Catalog& catalog, std::string_view part);
/// Nothing if the catalog has no such model and there is no such file.
[[nodiscard]] std::optional<ModelPart> find_language_model(const catalog::Catalog& catalog, std::string_view part);
/// Whether a name is that of a file that tells a model's shape: a config.json, or a GGUF file.
[[nodiscard]] bool is_model_file(std::string_view name) noexcept;
[[nodiscard]] ModelPart load_embedder(const catalog::Catalog& catalog, std::string_view part);

/// The storage types and formats that the catalog lists.
[[nodiscard]] serving::QuantTable load_quant_table(const catalog::Catalog& catalog);

/// Sizes of models without an entry.
[[nodiscard]] std::vector<serving::NamedModelSize> load_model_sizes(const catalog::Catalog& catalog);

/// What processors without an entry are taken for.
[[nodiscard]] std::vector<serving::ProcessorFamily> load_processor_families(const catalog::Catalog& catalog);

}  // namespace labtwin
