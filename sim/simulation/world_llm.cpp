#include <fmt/format.h>

#include <algorithm>

#include "models/calibration/server_speed.hpp"
#include "models/registry.hpp"
#include "models/serving/model_weights.hpp"
#include "models/storage/drive_link.hpp"
#include "sim/scenario/model_fits.hpp"
#include "sim/simulation/world.hpp"

namespace labtwin {
namespace {

const GpuSpec& gpu_of(const NodeSpec& node, const std::string& name) {
  return *std::find_if(node.gpus.begin(), node.gpus.end(), [&](const GpuSpec& gpu) { return gpu.name == name; });
}

}  // namespace

service::GpuCard& World::card(const std::string& node, const std::string& gpu) {
  std::unique_ptr<service::GpuCard>& card = cards_[{node, gpu}];
  if (!card) card = std::make_unique<service::GpuCard>(engine_, names_.resources.intern(local_name(node, gpu)));
  return *card;
}

void World::build(const ServiceSpec& service, const LlmServerSpec& spec) {
  const AcceleratorPart part = load_accelerator(*catalog_, gpu_of(*scenario_->lab.find_node(service.node), spec.gpu).part);
  const ModelPart model = load_language_model(*catalog_, spec.model);
  const auto quant = serving::Quantisation::parse(load_quant_table(*catalog_), spec.quant);
  const serving::ServerPlace place{model.shape, quant, part.spec};
  calibration::ServerSpeed speed = calibration::server_speed(
      {.card = part.entry, .place = place, .model = spec.model, .backend = spec.backend, .settings = spec.engine});
  llms_.emplace(service.name,
                std::make_unique<service::LlmServer>(
                    engine_, card(service.node, spec.gpu), serving::make_engine(place, spec.engine), std::move(speed.step_time),
                    service::LlmServerOptions{.longest_request = serving::longest_request(spec.engine),
                                              .queue_limit = spec.queue_limit}));
  if (spec.load) build_load(service, spec, serving::model_weights(model.shape, quant).in_file());
  if (const auto* ollama = std::get_if<serving::OllamaServer>(&spec.engine)) {
    add_to_ollama(service, *ollama, serving::claimed_memory(place, spec.engine));
  }
}

void World::add_to_ollama(const ServiceSpec& service, const serving::OllamaServer& settings, Bytes memory) {
  const NodeSpec& node = *scenario_->lab.find_node(service.node);
  std::unique_ptr<service::OllamaHost>& host = ollamas_[{service.node, std::get<LlmServerSpec>(service.kind).gpu}];
  if (!host) {
    const Bytes left = memory_beside(scenario_->services, service, node, *catalog_);
    host = std::make_unique<service::OllamaHost>(engine_, left, settings.max_loaded_models);
  }
  host->add({.server = llms_.at(service.name).get(),
             .load = loads_.at(service.name).get(),
             .memory = memory,
             .keep_alive = settings.keep_alive});
}

void World::build_load(const ServiceSpec& service, const LlmServerSpec& spec, Bytes weights) {
  const NodeSpec& node = *scenario_->lab.find_node(service.node);
  service::ModelLoadOptions options;
  options.owner = names_.owners.intern(fmt::format("the load of {}", service.name));
  options.weights = weights;
  options.warm_share = spec.load->is_warm ? 1.0 : 0.0;
  options.read_ahead = node.read_ahead_of(spec.load->from);
  options.num_streams = spec.load->num_streams;
  if (std::holds_alternative<serving::OllamaServer>(spec.engine)) {
    service::MemoryCache& cache = memory_cache(node, spec.load->from);
    options.file = service::CachedFile{&cache, cache.add_file()};
  }
  options.card_link = storage::data_rate(gpu_of(node, spec.gpu).link);
  const auto load = loads_.emplace(
      service.name, std::make_unique<service::ModelLoad>(engine_, random_, options, volume(service.node, spec.load->from),
                                                         *llms_.at(service.name)));
  if (!options.file) return;
  options.file->cache->add_stream(options.file->file, weights, [one = load.first->second.get()] { return one->loaded(); });
}

}  // namespace labtwin
