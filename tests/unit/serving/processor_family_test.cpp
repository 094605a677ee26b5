#include "models/serving/processor_family.hpp"

#include <gtest/gtest.h>

#include "models/base/error.hpp"
#include "models/catalog/catalog.hpp"
#include "models/registry.hpp"

namespace labtwin::serving {
namespace {

double gigabytes_per_second(std::string_view name) {
  static const std::vector<ProcessorFamily> families = load_processor_families(catalog::Catalog());
  const ProcessorFamily* family = find_processor_family(families, name);
  return family == nullptr ? 0.0 : family->memory_bandwidth.value() / 1e9;
}

TEST(ProcessorFamily, TellsTheLineOfAName) {
  EXPECT_DOUBLE_EQ(gigabytes_per_second("Ryzen 5 5600X"), 51.2);
  EXPECT_DOUBLE_EQ(gigabytes_per_second("Ryzen 7 7800X3D"), 83.2);
  EXPECT_DOUBLE_EQ(gigabytes_per_second("Xeon E5-2697 v2"), 59.7);
  EXPECT_DOUBLE_EQ(gigabytes_per_second("Core i7-1185G7"), 59.7);
  EXPECT_DOUBLE_EQ(gigabytes_per_second("EPYC 9454P"), 460.8);
  EXPECT_DOUBLE_EQ(gigabytes_per_second("Apple M1 Ultra 16P+4E"), 819.2);
  EXPECT_DOUBLE_EQ(gigabytes_per_second("a processor of its own"), 0.0);
}

TEST(ProcessorFamily, APatternThatIsNoneIsAMistake) {
  const Document document = Document::from_text("families.toml", R"(
[source]
text = "none"
[[family]]
pattern = '('
cores = 4
memory_bandwidth = "10 GB/s"
fp32 = "10 Gflop/s"
)");
  DiagnosticSink sink;
  static_cast<void>(read_processor_families(document, sink));
  ASSERT_EQ(sink.diagnostics().size(), 1U);
  EXPECT_EQ(sink.diagnostics().front().rule, "must be a regular expression");
}

}  // namespace
}  // namespace labtwin::serving
