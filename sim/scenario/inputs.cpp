#include "sim/scenario/inputs.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <set>
#include <string>
#include <utility>

#include "models/calibration/measurement_set.hpp"
#include "models/catalog/data_folder.hpp"
#include "models/registry.hpp"

namespace labtwin {
namespace {

class Collector {
 public:
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

  void add(const std::string& name, double value, const std::string& unit, const Provenance& provenance) {
    inputs_.parameters.push_back({.name = name,
                                  .value = value,
                                  .unit = unit,
                                  .grade = std::string(catalog::grade_name(provenance.grade)),
                                  .source = provenance.source});
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

  Inputs inputs_;
  std::set<std::pair<std::string, std::string>> entries_;
};

void add_costs(const ServiceSpec& service, const VectorStoreSpec& spec, Collector& collector) {
  collector.add(service.name + ".cost.query", spec.cost.per_query.value(), "s", service.provenance);
  collector.add(service.name + ".cost.round", spec.cost.per_round.value(), "s", service.provenance);
  collector.add(service.name + ".cost.distance", spec.cost.per_distance.value(), "s", service.provenance);
  collector.add(service.name + ".popularity", spec.popularity, "", service.provenance);
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

}  // namespace

Inputs inputs_of(const Scenario& scenario) {
  const catalog::Catalog catalog;
  Collector collector;
  for (const NodeSpec& node : scenario.lab.nodes) {
    for (const DriveSpec& drive : node.drives) collector.add_entry(load_drive(catalog, drive.part).entry);
    for (const GpuSpec& gpu : node.gpus) collector.add_entry(load_accelerator(catalog, gpu.part).entry);
  }
  for (const ServiceSpec& service : scenario.services) {
    if (const auto* llm = std::get_if<LlmServerSpec>(&service.kind)) {
      collector.add_entry(load_language_model(catalog, llm->model).entry);
    }
    if (const auto* store = std::get_if<VectorStoreSpec>(&service.kind)) add_costs(service, *store, collector);
  }
  for (const WorkloadSpec& workload : scenario.workloads) {
    if (const auto* agents = std::get_if<AgentsSpec>(&workload.kind)) add_traffic(workload, *agents, collector);
  }
  return collector.take();
}

}  // namespace labtwin
