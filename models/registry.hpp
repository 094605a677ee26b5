#pragma once

// The laws that catalog entries can name: one table per family, a row per law. Adding a law is its source file and a row here.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "models/base/table_reader.hpp"
#include "models/catalog/catalog.hpp"
#include "models/storage/drive_law.hpp"

namespace labtwin {

/// A law of the family `drives` and the function that makes it from the parameters of an entry.
struct DriveLawRow {
  std::string_view name;
  std::unique_ptr<storage::DriveLaw> (*make)(TableReader& parameters);
};
[[nodiscard]] std::span<const DriveLawRow> drive_laws() noexcept;

/// The names of a family's laws; empty for a family without.
[[nodiscard]] std::vector<std::string> law_names(std::string_view family);

/// Judges law and parameters of an entry of any family; mistakes go to the reader's sink.
void check_parameters(std::string_view family, const std::string& law, TableReader& parameters);

/// A drive of the catalog.
struct DrivePart {
  catalog::Entry entry;
  std::unique_ptr<storage::DriveLaw> law;
};
/// Throws ConfigError if there is no such part or its file is wrong.
[[nodiscard]] DrivePart load_drive(const catalog::Catalog& catalog, std::string_view part);

}  // namespace labtwin
