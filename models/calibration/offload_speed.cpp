#include "models/calibration/offload_speed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/calibration/llm_run.hpp"
#include "models/calibration/offload.hpp"
#include "models/calibration/offload_row.hpp"
#include "models/serving/kv_cache.hpp"
#include "models/serving/model_weights.hpp"
#include "models/serving/offload_step_time.hpp"

namespace labtwin::calibration {
namespace {

constexpr double kUsualPrompt = 512.0;
constexpr double kUsualContext = 1000.0;

serving::WeightPlacement placement_of(const ServerSetup& setup, const serving::LlamaServer& server) {
  const serving::ModelShape& shape = setup.place.shape;
  return serving::place_weights(shape, serving::model_weights(shape, setup.place.quant),
                                static_cast<int>(server.n_gpu_layers.value_or(static_cast<std::uint32_t>(shape.layers) + 1)),
                                static_cast<int>(server.n_cpu_moe));
}

/// One sequence, as a row of kind offload that no rig is known of.
OffloadRow row_of(const ServerSetup& setup, const serving::LlamaServer& server, const serving::WeightPlacement& placement) {
  LlmRun run;
  run.set_card(setup.place.card);
  OffloadRow row;
  row.run.layers = setup.place.shape.layers;
  row.run.hidden_size = setup.place.shape.hidden_size;
  row.run.active_parameters = setup.place.shape.active_parameters;
  row.run.active_on_card = placement.read_on_card(1.0);
  row.run.active_in_host = placement.read_in_host(1.0);
  row.run.in_host = placement.in_host();
  row.run.expert_share = placement.picked;
  row.run.cache = serving::kv_cache_bytes(setup.place.shape, kUsualContext, server.kv);
  row.run.threads = setup.host->threads;
  row.run.card_bandwidth = run.run.memory_bandwidth;
  row.run.card_peak = run.run.peak_flops;
  row.run.host_bandwidth = setup.host->bandwidth;
  row.run.link_bandwidth = setup.host->link;
  row.engine = "llama.cpp";
  row.model = setup.model;
  row.quant = setup.place.quant.name();
  row.cpu = row.card = row.machine = row.setting = "not measured";
  const double read = (row.run.active_on_card + row.run.active_in_host).value();
  row.share_on_card = row.run.active_on_card.value() / std::max(read, 1.0);
  run.engine = run.engine_name = row.engine;
  run.backend = setup.backend.empty() ? usual_backend(setup.place.card.vendor) : setup.backend;
  run.card = setup.card.part;
  run.model = setup.model;
  run.set_model(setup.place.shape, setup.place.quant);
  run.run.context_cache = row.run.cache;
  run.run.ubatch = server.ubatch_size;
  row.whole = run;
  return row;
}

serving::OffloadCoefficients coefficients_of(OffloadTimes& law, OffloadRow row, const serving::WeightPlacement& placement,
                                             double ubatch) {
  row.set_prompt(false, 0.0);
  const interconnect::OffloadedToken token = law.token(row);
  row.set_prompt(true, ubatch);
  row.ubatch = ubatch;
  const interconnect::OffloadedPrompt streamed = law.prompt(row);
  row.on_cores = true;
  const interconnect::OffloadedPrompt on_cores = law.prompt(row);
  const double copied = placement.read_in_host(ubatch).value();
  const auto per_byte = [](double seconds, Bytes bytes) { return seconds / std::max(bytes.value(), 1.0); };
  return {.placement = placement,
          .launch = token.launch,
          .card_per_byte = per_byte(token.card, row.run.active_on_card),
          .host_per_byte = per_byte(token.host, row.run.active_in_host),
          .context_per_token = token.context / kUsualContext,
          .prompt_launch = streamed.launch,
          .arithmetic = streamed.arithmetic / (ubatch + 64.0),
          .pair = streamed.attention / (0.5 * ubatch * ubatch),
          .streaming_per_byte = streamed.streaming / std::max(copied, 1.0),
          .cores_per_token = on_cores.cores / ubatch,
          .cores_host = on_cores.host,
          .ubatch = ubatch};
}

}  // namespace

ServerSpeed offload_speed(const ServerSetup& setup, const serving::LlamaServer& server) {
  const serving::WeightPlacement placement = placement_of(setup, server);
  OffloadRow row = row_of(setup, server, placement);
  OffloadTimes law(row);
  const serving::OffloadCoefficients coefficients = coefficients_of(law, row, placement, server.ubatch_size);
  ServerSpeed speed;
  speed.step_time = std::make_unique<serving::OffloadStepTime>(coefficients);
  speed.grade = Grade::Fitted;
  speed.source =
      fmt::format("offload of llama.cpp: {:.1f} GB of weights in the memory of the host", placement.in_host().value() / 1e9);
  row.set_prompt(false, 0.0);
  const Estimate token = law.seconds(row);
  speed.decode_tok_s = {1.0 / token.value, 1.0 / token.high, 1.0 / token.low};
  row.set_prompt(true, kUsualPrompt);
  row.ubatch = server.ubatch_size;
  const Estimate prompt = law.seconds(row);
  speed.prompt_tok_s = {kUsualPrompt / prompt.value, kUsualPrompt / prompt.high, kUsualPrompt / prompt.low};
  return speed;
}

}  // namespace labtwin::calibration
