#pragma once

#include <string>

#include "models/base/table_reader.hpp"
#include "models/catalog/entry.hpp"

namespace labtwin {

/// Where the numbers of a table are from: `grade = "measured"`, `source = "..."`. A table that does not say is assumed.
struct Provenance {
  catalog::Grade grade = catalog::Grade::Assumed;
  std::string source;
};

[[nodiscard]] Provenance read_provenance(TableReader& table);

}  // namespace labtwin
