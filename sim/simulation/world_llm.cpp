#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "models/base/parameter_draw.hpp"
#include "models/registry.hpp"
#include "models/serving/drawn_step_time.hpp"
#include "models/serving/encoder_scheduler.hpp"
#include "models/serving/encoder_step_time.hpp"
#include "models/serving/model_weights.hpp"
#include "models/storage/drive_link.hpp"
#include "sim/scenario/model_fits.hpp"
#include "sim/scenario/server_cards.hpp"
#include "sim/simulation/world.hpp"

namespace labtwin {
namespace {

constexpr double kGiB = 1073741824.0;

/// A loader fills one card after the other: the narrowest of their links counts.
BytesPerSecond slowest_link(const std::vector<std::string>& gpus, const NodeSpec& node) {
  BytesPerSecond slowest = storage::data_rate(gpu_named(node, gpus.front()).link);
  for (const std::string& gpu : gpus) slowest = std::min(slowest, storage::data_rate(gpu_named(node, gpu).link));
  return slowest;
}

bool exchanges(const interconnect::CardGroup& group) {
  const bool is_shared = group.num_cards > 1 && group.split == interconnect::ModelSplit::Tensors;
  return is_shared || group.expert_copies > 1;
}

}  // namespace

service::GpuCard& World::card(const std::string& node, const std::vector<std::string>& gpus) {
  const std::string name = fmt::format("{}", fmt::join(gpus, "+"));
  std::unique_ptr<service::GpuCard>& card = cards_[{node, name}];
  if (!card) card = std::make_unique<service::GpuCard>(engine_, names_.resources.intern(local_name(node, name)));
  return *card;
}

double World::draw(const std::string& parameter) const {
  return scenario_->draws_parameters ? parameter_draw(scenario_->seed, replication_, parameter) : 0.5;
}

// A model on a card keeps its luck whatever else of the lab changes; another card has its own.
calibration::SpeedLuck World::speed_luck(const LlmServerSpec& spec, const std::string& card) const {
  const std::string model = std::filesystem::path(spec.model).filename().string();  // wherever its file lies
  const std::string whose = fmt::format("{}|{}|{}|{}", serving::server_name(spec.engine), spec.backend, card, model);
  return {.decode = draw("decode of " + whose), .prompt = draw("prompts of " + whose)};
}

std::unique_ptr<service::LlmServer> World::make_server(const ServiceSpec& service, const LlmServerSpec& spec, int copy) {
  const NodeSpec& node = *scenario_->lab.find_node(service.node);
  const serving::AcceleratorSpec typical = typical_card(spec, node, *catalog_);
  const ModelPart model = load_language_model(*catalog_, spec.model);
  const auto quant = serving::Quantisation::parse(load_quant_table(*catalog_), spec.quant);
  const serving::ServerPlace place{model.shape, quant, typical, spec.cards_per_copy()};
  const interconnect::CardGroup group = card_group(spec, node, *catalog_, copy);
  calibration::ServerSpeed speed =
      copy_speed(spec, node, *catalog_, copy, [&](const std::string& part) { return speed_luck(spec, part); });
  auto server = std::make_unique<service::LlmServer>(
      engine_, card(service.node, spec.cards_of(copy)), serving::make_engine(place, spec.engine), std::move(speed.step_time),
      service::LlmServerOptions{.longest_request = serving::longest_request(spec.engine), .queue_limit = spec.queue_limit});
  if (exchanges(group) && bus_ && !node.board.empty()) {
    server->cross(*bus_, exchange_lanes(node, spec, group, copy), names_.owners.intern(service.name));
  }
  if (host_memory(spec, node, *catalog_) && bus_ && !node.board.empty()) {
    if (serving::llama_server(spec.engine) != nullptr) {
      cross_memory(node, *server, service.name);
    } else if (spec.gpus.size() == 1) {
      server->cross(*bus_, lanes_between(node, "memory", spec.gpus.front()), names_.owners.intern(service.name));
    }
  }
  return server;
}

std::vector<service::LlmServer*> World::servers_on(const service::GpuCard& card) const {
  std::vector<service::LlmServer*> servers;
  const auto add = [&](const auto& server) {
    if (&server->card() == &card) servers.push_back(server.get());
  };
  for (const auto& [name, server] : llms_) add(server);
  for (const auto& [name, server] : embedders_) add(server);
  for (const auto& [name, copies] : further_copies_) {
    for (const auto& copy : copies) add(copy);
  }
  return servers;
}

void World::warn_of_paging(const ServiceSpec& service, const LlmServerSpec& spec, const NodeSpec& node) {
  const auto host = host_memory(spec, node, *catalog_);
  if (!host || !host->page_cache) return;
  const serving::ModelShape shape = load_language_model(*catalog_, spec.model).shape;
  const auto quant = serving::Quantisation::parse(load_quant_table(*catalog_), spec.quant);
  const serving::AcceleratorSpec card = typical_card(spec, node, *catalog_);
  const Bytes left_there = serving::weight_placement({shape, quant, card}, *serving::llama_server(spec.engine)).in_host();
  if (left_there <= *host->page_cache) return;
  warnings_.push_back(
      fmt::format("{}: {:.1f} GiB of its weights are left to the memory of {}, of which {:.1f} GiB are free: what is missing "
                  "is read from {} "
                  "in every step, whose other readers are thought not to notice",
                  service.name, left_there.value() / kGiB, node.name, host->page_cache->value() / kGiB, spec.load->from));
}

void World::build(const ServiceSpec& service, const LlmServerSpec& spec) {
  service::LlmServer& first = *llms_.emplace(service.name, make_server(service, spec, 0)).first->second;
  std::vector<service::LlmServer*> others;
  for (int copy = 1; copy < spec.num_copies; ++copy) {
    others.push_back(further_copies_[service.name].emplace_back(make_server(service, spec, copy)).get());
  }
  if (!others.empty()) first.deal(spec.routing, others);
  const NodeSpec& node = *scenario_->lab.find_node(service.node);
  warn_of_paging(service, spec, node);
  const serving::ModelShape shape = load_language_model(*catalog_, spec.model).shape;
  const auto quant = serving::Quantisation::parse(load_quant_table(*catalog_), spec.quant);
  if (spec.load) {
    const Bytes weights = serving::model_weights(shape, quant).in_file();
    build_load(service, spec, weights, 0, first);
    for (std::size_t i = 0; i < others.size(); ++i) build_load(service, spec, weights, static_cast<int>(i) + 1, *others[i]);
  }
  if (const auto* ollama = std::get_if<serving::OllamaServer>(&spec.engine)) {
    const serving::AcceleratorSpec card = typical_card(spec, node, *catalog_);
    add_to_ollama(service, *ollama, serving::claimed_memory({shape, quant, card, spec.cards_per_copy()}, spec.engine));
  }
}

void World::build(const ServiceSpec& service, const EmbedderSpec& spec) {
  const NodeSpec& node = *scenario_->lab.find_node(service.node);
  const serving::ModelShape shape = load_embedder(*catalog_, spec.model).shape;
  const serving::AcceleratorSpec part = load_accelerator(*catalog_, gpu_named(node, spec.gpu).part).spec;
  const double share = draw(fmt::format("texts of {}|{}", gpu_named(node, spec.gpu).part, spec.model));
  const double slower = calibration::time_factor(serving::kEncoderSigma, share);
  const auto longest = std::max<std::uint64_t>(spec.max_batch_tokens, static_cast<std::uint64_t>(shape.max_context));
  service::LlmServer& server =
      *embedders_
           .emplace(
               service.name,
               std::make_unique<service::LlmServer>(
                   engine_, card(service.node, {spec.gpu}), std::make_unique<serving::EncoderScheduler>(spec.max_batch_tokens),
                   std::make_unique<serving::DrawnStepTime>(std::make_unique<serving::EncoderStepTime>(shape, part),
                                                            serving::SpeedFactors{.prompt = slower}),
                   service::LlmServerOptions{.longest_request = longest + 2, .queue_limit = spec.queue_limit}))
           .first->second;
  if (!spec.corpus || !spec.corpus->is_enabled) return;
  const service::CorpusJobOptions options{.owner = names_.owners.intern(service.name),
                                          .num_texts = spec.corpus->num_texts,
                                          .tokens = spec.corpus->tokens,
                                          .concurrency = spec.corpus->concurrency,
                                          .schedule = spec.corpus->schedule};
  corpora_.emplace(service.name, std::make_unique<service::CorpusJob>(engine_, server, options));
}

void World::add_to_ollama(const ServiceSpec& service, const serving::OllamaServer& settings, Bytes memory) {
  const NodeSpec& node = *scenario_->lab.find_node(service.node);
  std::unique_ptr<service::OllamaHost>& host = ollamas_[{service.node, std::get<LlmServerSpec>(service.kind).gpus.front()}];
  if (!host) {
    const Bytes left = memory_beside(scenario_->services, service, node, *catalog_);
    host = std::make_unique<service::OllamaHost>(engine_, left, settings.max_loaded_models);
  }
  host->add({.server = llms_.at(service.name).get(),
             .load = loads_.at(service.name).get(),
             .memory = memory,
             .keep_alive = settings.keep_alive});
}

std::string World::load_name(const std::string& server, int copy) {
  return copy == 0 ? server : fmt::format("{} (copy {})", server, copy + 1);
}

void World::build_load(const ServiceSpec& service, const LlmServerSpec& spec, Bytes weights, int copy,
                       service::LlmServer& server) {
  const NodeSpec& node = *scenario_->lab.find_node(service.node);
  const std::vector<std::string> gpus = spec.cards_of(copy);
  service::ModelLoadOptions options;
  options.owner = names_.owners.intern(fmt::format("the load of {}", load_name(service.name, copy)));
  if (copy > 0) options.leader = loads_.at(service.name).get();
  options.weights = weights;
  options.warm_share = spec.load->is_warm ? 1.0 : 0.0;
  options.read_ahead = node.read_ahead_of(spec.load->from);
  options.num_streams = spec.load->num_streams;
  if (std::holds_alternative<serving::OllamaServer>(spec.engine)) {
    service::MemoryCache& cache = memory_cache(node, spec.load->from);
    options.file = service::CachedFile{&cache, cache.add_file()};
  }
  options.card_link = slowest_link(gpus, node);
  options.to_card = way_over_bus(service.node, spec.load->from, gpus.front());
  options.from_memory = way_over_bus(service.node, "memory", gpus.front());
  const auto load = loads_.emplace(
      load_name(service.name, copy),
      std::make_unique<service::ModelLoad>(engine_, random_, options, volume(service.node, spec.load->from), server));
  if (!options.file) return;
  options.file->cache->add_stream(options.file->file, weights, [one = load.first->second.get()] { return one->loaded(); });
}

}  // namespace labtwin
