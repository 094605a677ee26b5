#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <utility>

#include "models/calibration/served_engine.hpp"
#include "models/calibration/server_speed.hpp"
#include "models/calibration/serving_setup.hpp"
#include "models/calibration/slot_tables.hpp"
#include "models/serving/server_engine.hpp"
#include "models/serving/slot_step_time.hpp"

namespace labtwin::calibration {
namespace {

namespace fs = std::filesystem;

// Half-width of the 90 % interval of the logarithm, assumed: queues of a busy server stretch an error of 5 % of a step several
// times.
constexpr double kWithTables = 0.25;

}  // namespace

ServedEngine served_llama(const fs::path& folder, const LlmParts& parts, Evaluation& evaluation) {
  const LlamaServingMeta meta = read_llama_serving_meta(folder / "meta.json");
  const auto model = parts.model(meta.model);
  if (!model || model->part.empty()) throw_unknown_part(folder, "model", meta.model);
  const auto quant = parts.quant(meta.quantisation);
  if (!quant) throw_unknown_part(folder, "quantisation", meta.quantisation);
  const auto card = parts.card(meta.card);
  if (!card) throw_unknown_part(folder, "hardware.device_name", meta.card);
  const serving::ServerPlace place{.shape = model->shape, .quant = *quant, .card = card->spec};
  const serving::ServerSettings settings = meta.server;
  ServedEngine engine{.name = "llama.cpp", .make = {}, .steps = nullptr};
  if (auto tables = fit_slots_beside(folder, meta.card)) {
    engine.steps = std::make_unique<serving::ServedStepTime>(std::make_unique<serving::SlotStepTime>(tables->coefficients),
                                                             serving::llama_server_thread(model->shape, meta.server.kv));
    engine.grade = Grade::Fitted;
    engine.half_width = kWithTables;
    evaluation.fits.push_back(std::move(tables->summary));
  } else {
    catalog::Entry entry;
    entry.part = card->part;
    ServerSpeed speed =
        server_speed({.card = entry, .place = place, .model = model->part, .backend = {}, .settings = settings});
    engine.steps = std::move(speed.step_time);
    engine.grade = speed.grade;
    engine.half_width = std::hypot(kWithTables, kNormal90 * speed.decode_sigma);
    evaluation.notes.push_back(std::move(speed.source));
  }
  engine.make = [server = meta.server, shape = model->shape] { return serving::make_slots(shape, server); };
  return engine;
}

}  // namespace labtwin::calibration
