#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "models/base/text.hpp"
#include "sim/scenario/degradation_spec.hpp"
#include "sim/scenario/lab.hpp"
#include "sim/scenario/read_toxic.hpp"
#include "sim/scenario/service_spec.hpp"
#include "sim/scenario/variants.hpp"
#include "sim/scenario/workload_spec.hpp"

namespace labtwin {
namespace {

const EnumNames<DegradedDirection> kDirections = {
    {"egress", DegradedDirection::Egress}, {"ingress", DegradedDirection::Ingress}, {"both", DegradedDirection::Both}};

/// Shortest cycle of a flap: far below it a link negotiates longer than it is up.
constexpr Seconds kShortestFlap = Seconds::from_base(0.01);

/// What may be done instead of a line of netem.
constexpr std::array<const char*, 7> kEffects = {"latency", "jitter", "loss", "rate", "duplicate", "corrupt", "reorder"};

std::vector<std::string> links_of(const Lab& lab) {
  std::vector<std::string> names;
  for (const NodeSpec& node : lab.nodes) {
    for (const NicSpec& nic : node.nics) names.push_back(fmt::format("{}.{}", node.name, nic.name));
  }
  for (const CableSpec& cable : lab.cables) names.push_back(fmt::format("{} - {}", cable.from, cable.to));
  return names;
}

void read_place(TableReader& table, const Lab& lab, DegradationSpec& spec) {
  spec.link = table.value_or<std::string>("link", "");
  spec.path = table.list<std::string>("path");
  spec.direction = table.enumeration_or("direction", spec.direction, kDirections);
  if (table.has("link") == table.has("path")) {
    table.fail(table.has("link") ? "path" : "link", "exactly one of link and path says where");
    return;
  }
  if (table.has("link")) return check_reference(table, "link", spec.link, links_of(lab));
  if (spec.path.size() != 2 || spec.path[0] == spec.path[1]) {
    table.fail("path", "must name two nodes, e.g. [\"box\", \"storage\"]");
    return;
  }
  for (const std::string& node : spec.path) {
    if (lab.find_node(node) == nullptr) table.fail("path", fmt::format("there is no node \"{}\"", printable(node)));
  }
}

/// Words of netem; a mistake in them is told at the key's place.
network::Netem read_words(TableReader& table, std::string_view key, const std::string& words) {
  try {
    return network::parse_netem(words);
  } catch (const ConfigError& error) {
    const Diagnostic& found = error.diagnostics().front();
    const std::string what = found.value.empty() ? found.key : fmt::format("{} {}", found.key, found.value);
    table.fail(key, fmt::format("`{}` {}", what, found.rule), found.hint);
    return {};
  }
}

/// A share of packets: 0.01, "1%", or what tc takes after the word.
network::Netem read_share(TableReader& table, const char* key) {
  const Value* value = table.raw(key);
  if (value == nullptr) return {};
  if (value->kind == Value::Kind::String) return read_words(table, key, fmt::format("{} {}", key, value->text));
  const double share = table.required<double>(key, kFraction);
  return share > 0.0 && share <= 1.0 ? network::parse_netem(fmt::format("{} {}%", key, share * 100.0)) : network::Netem{};
}

network::Netem read_keys(TableReader& table) {
  network::Netem effect;
  effect.delay = table.value_or<Seconds>("latency", Seconds{}, kNonNegative);
  effect.jitter = table.value_or<Seconds>("jitter", Seconds{}, kNonNegative);
  effect.rate = table.optional<BytesPerSecond>("rate", kPositive);
  effect.loss = read_share(table, "loss").loss;
  effect.duplicate = read_share(table, "duplicate").duplicate;
  effect.corrupt = read_share(table, "corrupt").corrupt;
  if (table.has("reorder") && effect.delay == Seconds{})
    table.fail("reorder", "needs latency: packets overtake by skipping it");
  effect.reorder = effect.delay > Seconds{} ? table.value_or<double>("reorder", 0.0, kFraction) : 0.0;
  return effect;
}

/// Who calls services on other nodes.
std::vector<CallPath> calls_between(const std::vector<ServiceSpec>& services, const std::vector<WorkloadSpec>& workloads) {
  std::vector<CallPath> calls;
  for (const WorkloadSpec& workload : workloads) {
    const auto* agents = std::get_if<AgentsSpec>(&workload.kind);
    if (agents == nullptr || agents->node.empty()) continue;
    for (const ServiceSpec& service : services) {
      const bool is_called =
          service.name == agents->vector_store || service.name == agents->llm || service.name == agents->embedder;
      if (is_called && service.node != agents->node) calls.push_back({agents->node, service.node});
    }
  }
  return calls;
}

void read_effect(TableReader& table, const std::vector<CallPath>& calls, DegradationSpec& spec) {
  network::Degradation& what = spec.what;
  if (table.has("toxic")) return read_toxic(table, calls, spec);
  what.is_partition = table.value_or<bool>("partition", false);
  if (auto flap = table.optional_table("flap")) {
    what.flap =
        network::Flap{.up = flap->required<Seconds>("up", kPositive), .down = flap->required<Seconds>("down", kPositive)};
    if (what.flap->up + what.flap->down < kShortestFlap) {
      table.fail("flap", fmt::format("up and down together must be at least {}", format_quantity(kShortestFlap)));
      what.flap.reset();
    }
  }
  if (!table.has("netem")) {
    what.effect = read_keys(table);
    const bool does_something = table.has("partition") || table.has("flap") ||
                                std::any_of(kEffects.begin(), kEffects.end(), [&](const char* key) { return table.has(key); });
    if (!does_something)
      table.fail({}, fmt::format("does nothing: give netem, toxic, partition, flap, or {}", fmt::join(kEffects, ", ")));
    return;
  }
  what.effect = read_words(table, "netem", table.required<std::string>("netem"));
  const std::string& interface = what.effect.interface;
  if (!interface.empty() && !spec.link.empty() && !spec.link.ends_with(fmt::format(".{}", interface))) {
    table.fail("netem", fmt::format("acts on dev {}, but the link is {}", interface, spec.link));
  }
  for (const char* key : kEffects) {
    if (!table.has(key)) continue;
    table.fail(key, "is said by netem already: leave one of them out");
    table.accept_rest();
  }
}

/// Toxics stack; an interface has one netem.
bool are_same_place(const DegradationSpec& a, const DegradationSpec& b) {
  if (a.what.toxic || b.what.toxic) return false;
  const bool is_same_direction =
      a.direction == b.direction || a.direction == DegradedDirection::Both || b.direction == DegradedDirection::Both;
  return a.link == b.link && a.path == b.path && is_same_direction;
}

bool do_overlap(const network::Degradation& a, const network::Degradation& b) {
  const bool ends_before = a.until && *a.until <= b.from;
  const bool begins_after = b.until && *b.until <= a.from;
  return !ends_before && !begins_after;
}

DegradationSpec read_degradation(TableReader& table, const Lab& lab, const std::vector<CallPath>& calls) {
  DegradationSpec spec;
  read_place(table, lab, spec);
  const std::string place = spec.link.empty() ? fmt::format("{}", fmt::join(spec.path, " - ")) : spec.link;
  spec.what.name = table.value_or<std::string>("name", fmt::format("what is done to {}", place));
  spec.what.from = table.value_or<Seconds>("from", Seconds{}, kNonNegative);
  spec.what.until = table.optional<Seconds>("to", kPositive);
  if (spec.what.until && *spec.what.until <= spec.what.from) table.fail("to", "must be later than from");
  read_effect(table, calls, spec);
  return spec;
}

}  // namespace

std::vector<DegradationSpec> read_degradations(TableReader& root, const Lab& lab, const std::vector<ServiceSpec>& services,
                                               const std::vector<WorkloadSpec>& workloads) {
  const std::vector<CallPath> calls = calls_between(services, workloads);
  std::vector<DegradationSpec> specs;
  std::vector<std::size_t> lines;
  for (TableReader& table : root.tables("degradations")) {
    DegradationSpec spec = read_degradation(table, lab, calls);
    const auto other = std::find_if(specs.begin(), specs.end(), [&](const DegradationSpec& before) {
      return are_same_place(before, spec) && do_overlap(before.what, spec.what);
    });
    if (other != specs.end()) {
      const std::size_t line = lines[static_cast<std::size_t>(other - specs.begin())];
      table.fail("from", fmt::format("overlaps with that of line {}: an interface has one netem at a time", line));
    }
    lines.push_back(table.place().line);
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace labtwin
