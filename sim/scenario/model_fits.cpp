#include "sim/scenario/model_fits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "models/registry.hpp"
#include "models/serving/vram_plan.hpp"

namespace labtwin {
namespace {

// Tokens that any use of a model needs.
constexpr double kLeastContext = 4096.0;
constexpr double kGiB = 1073741824.0;

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<serving::VramRequest> request_of(const LlmServerSpec& spec, const std::string& card,
                                               const serving::QuantTable& quants, const catalog::Catalog& catalog) {
  if (!has(catalog.parts("gpus"), card) || !has(catalog.parts("llms"), spec.model)) return std::nullopt;
  const auto quant = serving::Quantisation::find(quants, spec.quant);
  if (!quant) return std::nullopt;
  serving::VramRequest request{
      .shape = load_language_model(catalog, spec.model).shape, .quant = *quant, .card = load_accelerator(catalog, card).spec};
  request.context = std::min(kLeastContext, static_cast<double>(request.shape.max_context));
  return request;
}

}  // namespace

void check_model_loads(TableReader& service, const LlmServerSpec& spec, const NodeSpec& node, const catalog::Catalog& catalog) {
  const auto gpu = std::find_if(node.gpus.begin(), node.gpus.end(), [&](const GpuSpec& g) { return g.name == spec.gpu; });
  if (gpu == node.gpus.end()) return;
  const serving::QuantTable quants = load_quant_table(catalog);
  const auto request = request_of(spec, gpu->part, quants, catalog);
  if (!request) return;
  const serving::VramPlan plan = plan_vram(*request);
  if (plan.loads()) return;
  const auto changes = changes_that_load(*request, quants);
  service.fail("model",
               fmt::format("does not load on {}: with {:.0f} tokens of context it takes {:.1f} GiB, {} has {:.1f} GiB",
                           spec.gpu, request->context, plan.total().value() / kGiB, gpu->part, plan.usable.value() / kGiB),
               changes.empty() ? "see labtwin fit-model" : fmt::format("it would with {}", changes.front().what));
}

}  // namespace labtwin
