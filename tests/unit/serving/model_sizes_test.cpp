#include "models/serving/model_sizes.hpp"

#include <gtest/gtest.h>

#include "models/catalog/catalog.hpp"
#include "models/registry.hpp"

namespace labtwin::serving {
namespace {

TEST(ModelSizes, TellWhatANameLeavesOut) {
  const auto sizes = load_model_sizes(catalog::Catalog());
  const auto small = find_model_size(sizes, "Mistral-Small-4-119B-2603-NVFP4");
  ASSERT_TRUE(small);
  EXPECT_DOUBLE_EQ(small->parameters, 119e9);
  EXPECT_DOUBLE_EQ(small->active, 6.5e9);
  EXPECT_TRUE(find_model_size(sizes, "laguna-xs.2"));
  EXPECT_FALSE(find_model_size(sizes, "Llama-3.1-8B"));
}

TEST(ModelSizes, NoTokenUsesMoreThanThereIs) {
  const Document document = Document::from_text("sizes.toml", R"(
[source]
text = "none"
[[model]]
pattern = 'small'
parameters = 1e9
active = 2e9
)");
  DiagnosticSink sink;
  static_cast<void>(read_model_sizes(document, sink));
  ASSERT_EQ(sink.diagnostics().size(), 1U);
  EXPECT_EQ(sink.diagnostics().front().rule, "must not be above parameters");
}

}  // namespace
}  // namespace labtwin::serving
