#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "models/catalog/entry.hpp"

namespace labtwin::catalog {

/// The parts on disk: one folder per family, one file per part.
class Catalog {
 public:
  /// The catalog that labtwin ships (see find_data_folder).
  Catalog();
  explicit Catalog(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Families and parts in alphabetical order; a family that does not exist has no parts.
  [[nodiscard]] std::vector<std::string> families() const;
  [[nodiscard]] const std::vector<std::string>& parts(std::string_view family) const;

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

  /// The file of a part. Throws ConfigError, with the nearest name, if there is none.
  [[nodiscard]] std::filesystem::path file(std::string_view family, std::string_view part) const;

  /// Reads one part; throws ConfigError with all mistakes of its file.
  [[nodiscard]] Entry read(std::string_view family, std::string_view part, const ParameterReader& read_parameters) const;

 private:
  std::filesystem::path folder_;
  mutable std::map<std::string, std::vector<std::string>, std::less<>> parts_;  ///< by family, once it was asked for
};

/// The rule and hint for a part that does not exist, for diagnostics at the place that names it.
struct MissingPart {
  std::string rule;
  std::string hint;
};
[[nodiscard]] MissingPart missing_part(const Catalog& catalog, std::string_view family, std::string_view part);

}  // namespace labtwin::catalog
