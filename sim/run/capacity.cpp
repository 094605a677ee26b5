#include "sim/run/capacity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "models/base/error.hpp"
#include "models/base/text.hpp"
#include "sim/run/load_search.hpp"

namespace labtwin {
namespace {

constexpr double kMostTimes = 1000.0;  ///< the load of the scenario, unless the caller says how far to look
constexpr double kLeastTimes = 0.001;  ///< of the rate of the scenario; of users one is the least
constexpr double kOuterShare = 0.05;   ///< of replications, on either side of the middle 90 %

/// The setting that is the load.
struct Knob {
  std::string key;
  std::string unit;
  double now = 1.0;
  bool whole_numbers = false;

  [[nodiscard]] Override set(double load) const {
    const std::string number = whole_numbers ? fmt::format("{:.0f}", load) : fmt::format("{}", load);
    return {key, unit == "1/s" ? fmt::format("\"{} /s\"", number) : number};
  }
};

const WorkloadSpec& find_workload(const Scenario& scenario, const std::string& name) {
  std::vector<std::string> names;
  for (const WorkloadSpec& workload : scenario.workloads) {
    if (workload.name == name) return workload;
    names.push_back(workload.name);
  }
  throw ConfigError({.place = {scenario.name},
                     .key = "workload",
                     .value = name,
                     .rule = fmt::format("must be one of {}", join_names(names)),
                     .hint = nearest_name_hint(name, names)});
}

Knob knob_of(const WorkloadSpec& workload) {
  if (const auto* sensors = std::get_if<SensorsSpec>(&workload.kind)) {
    return {fmt::format("workloads.{}.rate", workload.name), "1/s", sensors->rate.value()};
  }
  const auto* chat = std::get_if<ChatSpec>(&workload.kind);
  const ArrivalSpec& arrivals = chat != nullptr ? chat->arrivals : std::get<AgentsSpec>(workload.kind).arrivals;
  Knob knob;
  knob.key = fmt::format("workloads.{}.arrivals.", workload.name);
  if (const auto* loop = std::get_if<ClosedLoopSpec>(&arrivals)) {
    return {knob.key + "users", "users", static_cast<double>(loop->num_users), true};
  }
  if (const auto* poisson = std::get_if<PoissonSpec>(&arrivals)) return {knob.key + "rate", "1/s", poisson->rate.value()};
  if (const auto* servegen = std::get_if<ServegenSpec>(&arrivals)) return {knob.key + "scale", "x", servegen->scale};
  const auto& trace = std::get<TraceSpec>(arrivals);
  if (trace.num_users) return {knob.key + "users", "users", static_cast<double>(*trace.num_users), true};
  if (trace.rate) return {knob.key + "rate", "1/s", trace.rate->value()};
  return {knob.key + "speed", "x", trace.speed};
}

/// What is kept of a simulated load.
struct Verdict {
  bool met = false;
  double met_share = 0.0;  ///< of replications
  std::vector<SloRow> slos{};
  std::vector<BlameRow> blame{};
};

/// The loads of one variant, each simulated once.
class Loads {
 public:
  Loads(ScenarioSource source, std::string name, const Knob& knob, const CapacityOptions& options)
      : source_(std::move(source)), name_(std::move(name)), knob_(&knob), options_(&options) {}

  const Verdict& at(double load) {
    const auto known = verdicts_.find(load);
    if (known != verdicts_.end()) return known->second;
    if (options_->on_load) options_->on_load(name_, load);
    const std::array<std::vector<Override>, 1> points = {{{knob_->set(load)}}};
    Results results = std::move(run_points(source_, points, options_->run).front());
    Verdict verdict{.met = results.slos_met,
                    .met_share = static_cast<double>(results.num_replications_met) / results.num_replications,
                    .slos = std::move(results.slos),
                    .blame = std::move(results.blame)};
    num_replications_ = results.num_replications;
    return verdicts_.emplace(load, std::move(verdict)).first->second;
  }

  [[nodiscard]] std::size_t num_loads() const noexcept { return verdicts_.size(); }
  [[nodiscard]] std::uint32_t num_replications() const noexcept { return num_replications_; }

 private:
  ScenarioSource source_;
  std::string name_;
  const Knob* knob_;
  const CapacityOptions* options_;
  std::map<double, Verdict> verdicts_;
  std::uint32_t num_replications_ = 1;
};

CapacityBreak break_at(double load, const Verdict& verdict) {
  CapacityBreak broken{.load = load, .blame = verdict.blame};
  std::copy_if(verdict.slos.begin(), verdict.slos.end(), std::back_inserter(broken.slos),
               [](const SloRow& slo) { return !slo.met; });
  return broken;
}

/// The limit of all replications together, then of the least and of the most fortunate ones.
CapacityRow search(Loads& loads, LoadRange range) {
  const auto limit_where = [&](double share) {
    return search_limit(range, [&](double load) { return loads.at(load).met_share >= share; }).holds.value_or(0.0);
  };
  const LoadLimit limit = search_limit(range, [&](double load) { return loads.at(load).met; });
  CapacityRow row;
  row.load = limit.holds.value_or(0.0);
  row.is_bound = !limit.fails.has_value();
  if (limit.fails) row.broken = break_at(*limit.fails, loads.at(*limit.fails));
  range.start = std::max(row.load, range.least);
  row.interval = {.low = std::min(row.load, limit_where(1.0 - kOuterShare)),
                  .high = std::max(row.load, limit_where(kOuterShare))};
  return row;
}

LoadRange range_of(const Knob& knob, const CapacityOptions& options) {
  LoadRange range;
  range.whole_numbers = knob.whole_numbers;
  range.least = knob.whole_numbers ? 1.0 : kLeastTimes * knob.now;
  range.most = options.most.value_or(kMostTimes * (knob.whole_numbers ? 1.0 : knob.now));
  range.start = knob.now;
  range.precision = options.precision;
  return range;
}

}  // namespace

Capacity find_capacity(const ScenarioSource& source, const CapacityOptions& options) {
  const Scenario scenario = options.run.with_what_ifs ? Scenario::read(source) : Scenario::read_alone(source);
  if (scenario.slos.empty()) {
    throw ConfigError({.place = {scenario.name},
                       .key = "slo",
                       .value = "",
                       .rule = "there is none, so no load is too much",
                       .hint = "add e.g. [[slo]] with workload, metric = \"p95\" and limit = \"10 s\""});
  }
  const WorkloadSpec& workload = find_workload(scenario, options.workload.empty() ? scenario.focus : options.workload);
  const Knob knob = knob_of(workload);
  LoadRange range = range_of(knob, options);

  Capacity capacity{.scenario = scenario.name,
                    .title = scenario.title.empty() ? scenario.name : scenario.title,
                    .workload = workload.name,
                    .unit = knob.unit};
  const auto add_row = [&](const std::string& name, const std::string& cost, const std::vector<Override>& changes) {
    ScenarioSource changed = source;
    changed.overrides.insert(changed.overrides.end(), changes.begin(), changes.end());
    Loads loads(std::move(changed), name, knob, options);
    CapacityRow row = search(loads, range);
    row.name = name;
    row.cost = cost;
    range.start = std::max(row.load, range.least);  // what-ifs rarely change it by orders of magnitude
    capacity.rows.push_back(std::move(row));
    capacity.num_loads += loads.num_loads();
    capacity.num_replications = loads.num_replications();
    if (capacity.rows.size() == 1) capacity.slos = loads.at(range.start).slos;
  };
  add_row("", "", {});
  if (!options.run.with_what_ifs) return capacity;
  for (const WhatIf& what_if : scenario.what_ifs) add_row(what_if.name, what_if.cost, what_if.set);
  return capacity;
}

}  // namespace labtwin
