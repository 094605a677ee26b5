#include "models/serving/processor_family.hpp"

#include <utility>

#include "models/serving/name_pattern.hpp"

namespace labtwin::serving {

std::vector<ProcessorFamily> read_processor_families(const Document& document, DiagnosticSink& sink) {
  TableReader root(document, sink);
  static_cast<void>(root.table("source").required<std::string>("text"));
  std::vector<ProcessorFamily> families;
  for (TableReader& table : root.tables("family")) {
    ProcessorFamily family{.pattern = read_name_pattern(table), .cores = 1, .memory_bandwidth = {}, .fp32 = {}};
    family.cores = table.required<int>("cores", at_least(1.0));
    family.memory_bandwidth = table.required<BytesPerSecond>("memory_bandwidth", kPositive);
    family.fp32 = table.required<FlopsPerSecond>("fp32", kPositive);
    families.push_back(std::move(family));
  }
  root.finish();
  return families;
}

const ProcessorFamily* find_processor_family(const std::vector<ProcessorFamily>& families, std::string_view name) {
  return find_by_pattern(families, name);
}

}  // namespace labtwin::serving
