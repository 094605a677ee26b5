#include "models/catalog/catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "models/base/text.hpp"
#include "models/catalog/data_folder.hpp"
#include "models/catalog/part_finder.hpp"

namespace labtwin::catalog {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> sorted_names(const fs::path& folder, auto&& accept) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    if (accept(entry)) names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Catalog::Catalog() : Catalog(find_data_folder().catalog) {}

std::vector<std::string> Catalog::families() const {
  return sorted_names(folder_, [](const fs::directory_entry& entry) { return entry.is_directory(); });
}

const std::vector<std::string>& Catalog::parts(std::string_view family) const {
  const auto known = parts_.find(family);
  if (known != parts_.end()) return known->second;
  auto names =
      sorted_names(folder_ / family, [](const fs::directory_entry& entry) { return entry.path().extension() == ".toml"; });
  return parts_.emplace(family, std::move(names)).first->second;
}

fs::path Catalog::file(std::string_view family, std::string_view part) const {
  // Only listed names are files of the catalog: `../x` is not a part.
  const std::vector<std::string> known = parts(family);
  if (std::find(known.begin(), known.end(), part) != known.end()) return folder_ / family / fmt::format("{}.toml", part);
  MissingPart missing = missing_part(*this, family, part);
  Diagnostic diagnostic;
  diagnostic.key = printable(part);
  diagnostic.rule = std::move(missing.rule);
  diagnostic.hint = std::move(missing.hint);
  throw ConfigError(std::move(diagnostic));
}

Entry Catalog::read(std::string_view family, std::string_view part, const ParameterReader& read_parameters) const {
  DiagnosticSink sink;
  Entry entry = read_entry(Document::read(file(family, part)), sink, read_parameters);
  sink.throw_if_any();
  entry.family = family;
  entry.part = part;
  return entry;
}

MissingPart missing_part(const Catalog& catalog, std::string_view family, std::string_view part) {
  return {fmt::format("is not in the catalog, see labtwin parts {}", family),
          PartFinder(catalog, std::string(family)).hint(part)};
}

}  // namespace labtwin::catalog
