#include "models/calibration/serving_setup.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "models/base/error.hpp"

namespace labtwin::calibration {

void throw_unknown_part(const std::filesystem::path& folder, std::string key, const std::string& name) {
  throw ConfigError({.place = {(folder / "meta.json").string(), 0, 0},
                     .key = std::move(key),
                     .value = fmt::format("\"{}\"", name),
                     .rule = "is not in the catalog",
                     .hint = "labtwin parts gpus, labtwin parts llms"});
}

ServedModel read_served_model(const std::filesystem::path& folder, const LlmParts& parts) {
  ServedModel served{.meta = read_serving_meta(folder / "meta.json"), .shape = {}, .weights = {}, .work = {}};
  const ServingMeta& meta = served.meta;
  const auto model = parts.model(meta.model);
  if (!model) throw_unknown_part(folder, "model", meta.model);
  const auto quant = parts.quant(meta.dtype == "bfloat16" || meta.dtype == "float16" ? "bf16" : meta.dtype);
  if (!quant) throw_unknown_part(folder, "engine_kwargs.dtype", meta.dtype);
  served.shape = model->shape;
  served.weights = serving::model_weights(model->shape, *quant);
  served.work = serving::operator_work(model->shape, served.weights, meta.tensor_parallel);
  if (meta.splits_experts) serving::spread_experts(served.work, meta.data_parallel);
  return served;
}

}  // namespace labtwin::calibration
