#include "sim/scenario/inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>
#include <string>
#include <utility>

#include "models/calibration/measurement_set.hpp"
#include "models/calibration/server_speed.hpp"
#include "models/catalog/data_folder.hpp"
#include "models/network/datagram_socket.hpp"
#include "models/registry.hpp"
#include "models/serving/encoder_step_time.hpp"
#include "models/serving/load_time.hpp"
#include "models/serving/locked_clocks.hpp"
#include "models/serving/power_limit.hpp"
#include "sim/scenario/server_cards.hpp"

namespace labtwin {
namespace {

class Collector {
 public:
  explicit Collector(bool draws) : draws_(draws) {}

  void add_entry(const catalog::Entry& entry) {
    if (!entries_.insert({entry.family, entry.part}).second) return;
    for (const catalog::Parameter& parameter : entry.parameters) {
      ParameterRow row;
      if (!read_value(parameter.value, row)) continue;
      row.name = fmt::format("{}.{}", entry.part, parameter.name);
      row.grade = catalog::grade_name(parameter.grade);
      row.source = entry.source.text;
      inputs_.parameters.push_back(std::move(row));
    }
    add_bounds(entry);
  }

  /// `sigma`: of its logarithm, where replications draw it.
  void add(const std::string& name, double value, const std::string& unit, const Provenance& provenance, double sigma = 0.0) {
    inputs_.parameters.push_back({.name = name,
                                  .value = value,
                                  .unit = unit,
                                  .grade = std::string(catalog::grade_name(provenance.grade)),
                                  .source = provenance.source,
                                  .sigma = draws_ ? sigma : 0.0});
  }

  /// The median and the 90 % quantile of a distribution; one value if it is constant.
  template <class T>
  void add(const std::string& name, const DistributionOf<T>& distribution, const std::string& unit,
           const Provenance& provenance) {
    const Distribution& base = distribution.in_base_units();
    if (base.name() == "constant") return add(name, base.mean(), unit, provenance);
    add(name + ".p50", base.quantile(0.5), unit, provenance);
    add(name + ".p90", base.quantile(0.9), unit, provenance);
  }

  [[nodiscard]] Inputs take() { return std::move(inputs_); }

 private:
  // The bounds over all rows of the set that an entry was fitted to; none if that set is not there.
  void add_bounds(const catalog::Entry& entry) {
    if (!entry.fit) return;
    const std::filesystem::path manifest =
        catalog::find_data_folder().calibration.parent_path() / entry.fit->set / "manifest.toml";
    if (!std::filesystem::exists(manifest)) return;
    for (const calibration::Bound& bound : calibration::read_manifest(manifest).bounds) {
      if (!bound.group.empty()) continue;
      inputs_.known_errors.push_back({.part = entry.part,
                                      .set = entry.fit->set,
                                      .quantity = bound.quantity,
                                      .median_ape_pct = bound.median_ape_pct,
                                      .p90_ape_pct = bound.p90_ape_pct});
    }
  }

  /// `85 us` is 85 and `us`; text that is no number (a name) is no parameter.
  static bool read_value(const std::string& text, ParameterRow& row) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), row.value);
    if (error != std::errc{}) return false;
    row.unit = std::string(end, text.data() + text.size());
    if (row.unit.starts_with(' ')) row.unit.erase(0, 1);
    return true;
  }

  bool draws_;
  Inputs inputs_;
  std::set<std::pair<std::string, std::string>> entries_;
};

void add_costs(const ServiceSpec& service, const VectorStoreSpec& spec, Collector& collector) {
  collector.add(service.name + ".cost.query", spec.cost.per_query.value(), "s", service.provenance);
  collector.add(service.name + ".cost.round", spec.cost.per_round.value(), "s", service.provenance);
  collector.add(service.name + ".cost.distance", spec.cost.per_distance.value(), "s", service.provenance);
  collector.add(service.name + ".popularity", spec.popularity, "", service.provenance);
}

void add_share(const std::string& name, const ShareSpec& share, Collector& collector) {
  const Provenance assumed{.grade = catalog::Grade::Assumed, .source = "usual order of magnitude"};
  collector.add(name + ".server_time", share.settings.per_request.value(), "s", share.server_time_provenance);
  collector.add(name + ".host_latency", share.settings.host_latency.value(), "s", assumed);
  collector.add(name + ".client_time", share.settings.client_time.value(), "s", assumed);
}

void add_speed(const ServiceSpec& service, const LlmServerSpec& spec, const Lab& lab, const catalog::Catalog& catalog,
               Collector& collector) {
  const NodeSpec& node = *lab.find_node(service.node);
  const calibration::ServerSpeed speed = copy_speed(spec, node, catalog);
  const auto add = [&](std::string_view name, const calibration::Estimate& rate, double sigma) {
    collector.add(
        fmt::format("{}.{}", service.name, name), rate.value, "tok/s",
        {.grade = speed.grade, .source = fmt::format("{}; 90 % interval {:.3g} to {:.3g}", speed.source, rate.low, rate.high)},
        sigma);
  };
  add("decode_rate", speed.decode_tok_s, speed.decode_sigma);
  add("prompt_rate", speed.prompt_tok_s, speed.prompt_sigma);
  if (const auto memory = host_memory(spec, node, catalog); memory && !node.memory.bandwidth) {
    collector.add(service.name + ".host_memory", memory->bandwidth.value(), "B/s",
                  {.grade = catalog::Grade::Assumed, .source = "the usual memory of a host beside such a card"});
  }
  for (const std::string& name : spec.gpus) {
    const GpuSpec& gpu = gpu_named(node, name);
    if (gpu.clocks.graphics || gpu.clocks.memory) {
      const serving::ClockShares shares = serving::clock_shares(gpu.clocks, load_accelerator(catalog, gpu.part).spec);
      const Provenance clocks{.grade = catalog::Grade::Assumed, .source = "locked clocks over those of the datasheet"};
      collector.add(fmt::format("{}.{}.arithmetic_share", service.name, name), shares.arithmetic, "", clocks);
      collector.add(fmt::format("{}.{}.memory_share", service.name, name), shares.memory, "", clocks);
    }
    if (!gpu.power_limit) continue;
    const Watts board = *load_accelerator(catalog, gpu.part).spec.board_power;
    collector.add(
        fmt::format("{}.{}.limited_share", service.name, name), serving::limited_speed(*gpu.power_limit, board).share, "",
        {.grade = catalog::Grade::Fitted,
         .source = fmt::format("{:.0f} of {:.0f} W; curves of three cards, kind power_cap; its spread is in the rates",
                               gpu.power_limit->value(), board.value())});
  }
  if (!speed.exchange) return;
  const Provenance reduces{.grade = catalog::Grade::Fitted,
                           .source = "all-reduces and copies between cards, kinds collectives and pcie_links"};
  collector.add(service.name + ".all_reduce.latency", speed.exchange->call.latency, "s", reduces);
  collector.add(service.name + ".all_reduce.rate", 1.0 / speed.exchange->call.per_byte, "B/s", reduces);
}

void add_embedder(const ServiceSpec& service, const EmbedderSpec& spec, const Lab& lab, const catalog::Catalog& catalog,
                  Collector& collector) {
  const ModelPart model = load_embedder(catalog, spec.model);
  collector.add_entry(model.entry);
  const serving::AcceleratorSpec card = load_accelerator(catalog, gpu_named(*lab.find_node(service.node), spec.gpu).part).spec;
  const double text = spec.corpus ? spec.corpus->tokens : 400.0;
  collector.add(service.name + ".embedding_rate", serving::EncoderStepTime(model.shape, card).tokens_per_second(text), "tok/s",
                {.grade = catalog::Grade::Assumed,
                 .source = "0.3 of the card's fastest rate in 16 bits, as of bge-large on an L4 and an MI210; within a factor "
                           "of two"},
                serving::kEncoderSigma);
}

void add_load(const std::string& server, Collector& collector) {
  const Provenance loads{.grade = catalog::Grade::Fitted,
                         .source = "cold loads of 4.9 to 40.5 GB from an NVMe drive of generation 5, craftrigs.pages.dev"};
  const Provenance links{.grade = catalog::Grade::Fitted, .source = "copies from pageable memory: 0.35 to 0.6 of the line"};
  const serving::LoaderParameters loader;
  collector.add(server + ".load.cold_rate", loader.cold_rate.value(), "B/s", loads);
  collector.add(server + ".load.start_up", loader.start_up.value(), "s", loads);
  collector.add(server + ".load.upload_share", loader.upload_share, "", links);
}

void add_traffic(const WorkloadSpec& workload, const AgentsSpec& spec, Collector& collector) {
  // A number that the scenario sets itself is nobody's measurement, whatever the profile rests on.
  const Provenance own{.grade = catalog::Grade::Assumed, .source = "set in the scenario"};
  const auto add = [&](const std::string& key, const auto& distribution, const std::string& unit) {
    const bool is_own = spec.own_numbers.contains(key);
    collector.add(fmt::format("{}.{}", workload.name, key), distribution, unit, is_own ? own : spec.provenance);
  };
  const AgentTraffic& traffic = spec.traffic;
  add("think", traffic.think, "s");
  add("steps", traffic.steps, "");
  add("prompt_tokens", traffic.prompt_tokens, "");
  add("step_output_tokens", traffic.step_output_tokens, "");
  add("answer_tokens", traffic.answer_tokens, "");
}

void add_chat(const WorkloadSpec& workload, const ChatSpec& spec, Collector& collector) {
  if (brings_lengths(spec.arrivals)) return;
  const auto add = [&](const std::string& key, const auto& distribution, const std::string& unit) {
    collector.add(fmt::format("{}.{}", workload.name, key), distribution, unit, spec.provenance);
  };
  add("turns", spec.turns, "");
  add("think", spec.think, "s");
  add("message_tokens", spec.message_tokens, "");
  add("answer_tokens", spec.answer_tokens, "");
  collector.add(workload.name + ".system_tokens", spec.system_tokens, "", spec.provenance);
}

void add_calls(const WorkloadSpec& workload, const AgentsSpec& spec, Collector& collector) {
  if (spec.node.empty()) return;
  const Provenance assumed{.grade = catalog::Grade::Assumed,
                           .source =
                               "a vector of 384 numbers as text, ten passages of 1.6 KB, 4.5 letters a token, unless the "
                               "scenario says otherwise"};
  collector.add(workload.name + ".search_bytes", spec.sizes.search.value(), "B", assumed);
  collector.add(workload.name + ".hits_bytes", spec.sizes.hits.value(), "B", assumed);
  collector.add(workload.name + ".token_bytes", spec.sizes.per_token.value(), "B", assumed);
}

void add_detector(const StreamDetectorSpec& detector, const SensorsSpec& spec, Collector& collector) {
  const std::string& name = spec.detector;
  const Provenance measured{.grade = catalog::Grade::Fitted,
                            .source = "one recvmsg per datagram on a virtual machine, 200 to 8900 B (linux-udp/udp_loss)"};
  collector.add(name + ".receive_time", network::receive_time(spec.payload).value(), "s", measured);
  const Provenance assumed{.grade = catalog::Grade::Assumed, .source = "usual order of magnitude of a kernel's receive path"};
  collector.add(name + ".ring.packet_time", detector.ring.packet_time.value(), "s", assumed);
}

}  // namespace

Inputs inputs_of(const Scenario& scenario) {
  const catalog::Catalog catalog;
  Collector collector(scenario.draws_parameters);
  for (const NodeSpec& node : scenario.lab.nodes) {
    if (!node.board.empty()) collector.add_entry(load_board(catalog, node.board).entry);
    for (const DriveSpec& drive : node.drives) collector.add_entry(load_drive(catalog, drive.part).entry);
    for (const ShareSpec& share : node.shares) add_share(fmt::format("{}.{}", node.name, share.name), share, collector);
    for (const NicSpec& nic : node.nics) {
      if (!nic.part.empty()) collector.add_entry(load_nic(catalog, nic.part).entry);
    }
    for (const GpuSpec& gpu : node.gpus) collector.add_entry(load_accelerator(catalog, gpu.part).entry);
  }
  for (const ServiceSpec& service : scenario.services) {
    if (const auto* llm = std::get_if<LlmServerSpec>(&service.kind)) {
      collector.add_entry(load_language_model(catalog, llm->model).entry);
      add_speed(service, *llm, scenario.lab, catalog, collector);
      if (llm->load) add_load(service.name, collector);
    }
    if (const auto* embedder = std::get_if<EmbedderSpec>(&service.kind)) {
      add_embedder(service, *embedder, scenario.lab, catalog, collector);
    }
    if (const auto* store = std::get_if<VectorStoreSpec>(&service.kind)) add_costs(service, *store, collector);
  }
  for (const WorkloadSpec& workload : scenario.workloads) {
    if (const auto* agents = std::get_if<AgentsSpec>(&workload.kind)) add_traffic(workload, *agents, collector);
    if (const auto* chat = std::get_if<ChatSpec>(&workload.kind)) add_chat(workload, *chat, collector);
    if (const auto* agents = std::get_if<AgentsSpec>(&workload.kind)) add_calls(workload, *agents, collector);
    if (const auto* sensors = std::get_if<SensorsSpec>(&workload.kind)) {
      add_detector(*find_service<StreamDetectorSpec>(scenario.services, sensors->detector), *sensors, collector);
    }
  }
  return collector.take();
}

}  // namespace labtwin
