#include "sim/scenario/read_embedder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "models/registry.hpp"

namespace labtwin {
namespace {

constexpr double kMostTokens = 1e6;

EmbedderSpec::Corpus read_corpus(TableReader& table, std::uint32_t longest) {
  EmbedderSpec::Corpus corpus;
  corpus.num_texts = table.required<std::uint32_t>("texts", at_least(1.0));
  corpus.tokens = table.required<std::uint32_t>("tokens", at_least(1.0));
  if (corpus.tokens > longest) {
    table.fail("tokens", fmt::format("the model was made for texts of at most {} tokens", longest), "cut texts into chunks");
  }
  corpus.concurrency = table.value_or<std::uint32_t>("concurrency", corpus.concurrency, between(1.0, 4096.0));
  corpus.schedule.start = table.value_or<Seconds>("start", Seconds{}, kNonNegative);
  corpus.schedule.every = table.optional<Seconds>("every", kPositive);
  corpus.is_enabled = table.value_or<bool>("enabled", true);
  return corpus;
}

}  // namespace

ServiceKind read_embedder(TableReader& table, const ServicePlace& place) {
  EmbedderSpec spec;
  spec.model = table.required<std::string>("model");
  const std::vector<std::string>& models = place.catalog.parts("embedders");
  if (!spec.model.empty()) check_reference(table, "model", spec.model, models);
  spec.gpu = table.required<std::string>("gpu");
  if (place.node != nullptr && !spec.gpu.empty()) {
    std::vector<std::string> gpus;
    for (const GpuSpec& gpu : place.node->gpus) gpus.push_back(gpu.name);
    check_reference(table, "gpu", spec.gpu, gpus);
  }
  spec.max_batch_tokens = table.value_or<std::uint32_t>("max_batch_tokens", spec.max_batch_tokens, between(1.0, kMostTokens));
  spec.queue_limit = table.optional<std::uint32_t>("queue_limit");
  spec.memory = table.value_or<Bytes>("memory", Bytes{}, kNonNegative);
  const bool is_known = std::find(models.begin(), models.end(), spec.model) != models.end();
  spec.max_tokens = static_cast<std::uint32_t>(is_known ? load_embedder(place.catalog, spec.model).shape.max_context
                                                        : static_cast<int>(kMostTokens));
  if (std::optional<TableReader> corpus = table.optional_table("corpus")) spec.corpus = read_corpus(*corpus, spec.max_tokens);
  return spec;
}

}  // namespace labtwin
