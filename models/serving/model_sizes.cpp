#include "models/serving/model_sizes.hpp"

#include <string>

#include "models/serving/name_pattern.hpp"

namespace labtwin::serving {

std::vector<NamedModelSize> read_model_sizes(const Document& document, DiagnosticSink& sink) {
  TableReader root(document, sink);
  static_cast<void>(root.table("source").required<std::string>("text"));
  std::vector<NamedModelSize> sizes;
  for (TableReader& table : root.tables("model")) {
    NamedModelSize& named = sizes.emplace_back();
    named.pattern = read_name_pattern(table, std::regex::icase);
    named.size.parameters = table.required<double>("parameters", kPositive);
    named.size.active = table.required<double>("active", kPositive);
    if (named.size.active > named.size.parameters) table.fail("active", "must not be above parameters");
  }
  root.finish();
  return sizes;
}

std::optional<ModelSize> find_model_size(const std::vector<NamedModelSize>& sizes, std::string_view name) {
  const NamedModelSize* found = find_by_pattern(sizes, name);
  return found == nullptr ? std::nullopt : std::optional(found->size);
}

}  // namespace labtwin::serving
