#include "sim/scenario/provenance.hpp"

namespace labtwin {

Provenance read_provenance(TableReader& table) {
  using catalog::Grade;
  Provenance provenance;
  provenance.grade = table.enumeration_or<Grade>(
      "grade", Grade::Assumed,
      {{"measured", Grade::Measured}, {"fitted", Grade::Fitted}, {"datasheet", Grade::Datasheet}, {"assumed", Grade::Assumed}});
  provenance.source = table.value_or<std::string>("source", "");
  return provenance;
}

}  // namespace labtwin
