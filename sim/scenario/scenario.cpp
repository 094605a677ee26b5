#include "sim/scenario/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "models/base/file.hpp"
#include "models/base/text.hpp"
#include "models/catalog/data_folder.hpp"
#include "sim/scenario/read_services.hpp"
#include "sim/scenario/read_workloads.hpp"
#include "sim/scenario/variants.hpp"

namespace labtwin {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLabPrefix = "lab.";
constexpr std::uintmax_t kLargestFile = 16U << 20U;

/// Everything that reading needs beside the document.
struct Surroundings {
  const ScenarioSource& source;
  catalog::DataFolder data;
  catalog::Catalog catalog;
};

/// The names below `table.NAME`, for references between parts of a scenario.
std::vector<std::string> names_of(TableReader& root, std::string_view key) {
  const Value* value = root.raw(key);
  std::vector<std::string> names;
  if (value == nullptr) return names;
  for (const Entry& entry : value->entries) names.push_back(entry.key);
  return names;
}

/// The lab's file, beside the scenario or among the shipped ones; nothing if it is in neither place.
std::optional<fs::path> find_lab_file(const std::string& lab, const Surroundings& around) {
  std::error_code ignored;
  for (const fs::path& folder : {around.source.base_dir, around.data.scenarios}) {
    if (fs::is_regular_file(folder / lab, ignored)) return folder / lab;
  }
  return std::nullopt;
}

std::vector<std::string> known_labs(const Surroundings& around) {
  std::vector<std::string> labs;
  std::error_code ignored;
  for (const fs::path& folder : {around.source.base_dir, around.data.scenarios}) {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder / "labs", ignored)) {
      labs.push_back(fmt::format("labs/{}", entry.path().filename().string()));
    }
  }
  std::sort(labs.begin(), labs.end());
  return labs;
}

Lab read_lab_file(TableReader& root, const Surroundings& around, std::span<const Override> overrides) {
  const auto name = root.required<std::string>("lab");
  if (name.empty()) return {};
  const std::optional<fs::path> path = find_lab_file(name, around);
  if (!path) {
    root.fail("lab", "there is no such file", nearest_name_hint(name, known_labs(around)));
    return {};
  }
  DiagnosticSink found;
  Lab lab;
  try {
    const Document document = Document::read(*path, overrides);
    TableReader lab_root(document, found);
    lab = read_lab(lab_root, around.catalog);
    lab_root.finish();
  } catch (const ConfigError& error) {
    found.add(error);
  }
  for (Diagnostic diagnostic : found.diagnostics()) {
    // What an override did is told by the key that it was given.
    if (diagnostic.place.file != path->string()) diagnostic.key.insert(0, kLabPrefix);
    root.sink().add(std::move(diagnostic));
  }
  return lab;
}

const EnumNames<SloMetric> kMetrics = {{"mean", SloMetric::Mean},
                                       {"p50", SloMetric::P50},
                                       {"p95", SloMetric::P95},
                                       {"p99", SloMetric::P99},
                                       {"failed_fraction", SloMetric::FailedFraction}};

const std::vector<std::string> kStages{"itl", "llm", "retrieve", "tpot", "ttft"};

Slo read_slo(TableReader& table, const std::vector<std::string>& workloads) {
  Slo slo;
  slo.workload = table.required<std::string>("workload");
  check_reference(table, "workload", slo.workload, workloads);
  slo.stage = table.value_or<std::string>("stage", "");
  check_reference(table, "stage", slo.stage, kStages);
  slo.metric = table.enumeration("metric", kMetrics);
  if (!slo.stage.empty() && slo.metric == SloMetric::FailedFraction) table.fail("stage", "requests fail as a whole");
  slo.limit = slo.metric == SloMetric::FailedFraction ? table.required<double>("limit", kFraction)
                                                      : table.required<Seconds>("limit", kPositive).value();
  return slo;
}

Beside read_beside(TableReader& table, const std::vector<std::string>& jobs) {
  Beside beside;
  beside.stage = table.value_or<std::string>("stage", "");
  check_reference(table, "stage", beside.stage, kStages);
  beside.job = table.value_or<std::string>("job", "");
  beside.time_of = table.value_or<std::string>("time_of", "");
  check_reference(table, "time_of", beside.time_of, jobs);
  check_reference(table, "job", beside.job, jobs);
  return beside;
}

/// What moves data by itself: services, and rebuilds of pools.
std::vector<std::string> jobs_of(const Lab& lab, std::vector<std::string> services) {
  for (const NodeSpec& node : lab.nodes) {
    for (const PoolSpec& pool : node.pools) {
      if (pool.rebuild) services.push_back(pool.rebuild_name());
    }
  }
  return services;
}

void read_run(TableReader& root, Scenario& scenario) {
  scenario.title = root.value_or<std::string>("title", "");
  scenario.seed = root.value_or<std::uint64_t>("seed", scenario.seed);
  scenario.horizon = root.required<Seconds>("horizon", kPositive);
  scenario.warm_up = root.value_or<Seconds>("warm_up", Seconds{}, kNonNegative);
  if (scenario.horizon > Seconds{} && scenario.warm_up >= scenario.horizon) {
    root.fail("warm_up", "must be shorter than the horizon");
  }
  scenario.replications = root.value_or<int>("replications", scenario.replications, between(1, 10000));
  scenario.draws_parameters = root.value_or<bool>("draw_parameters", scenario.draws_parameters);
}

Scenario read_document(const Document& document, const Surroundings& around, std::span<const Override> lab_overrides,
                       DiagnosticSink& sink) {
  Scenario scenario;
  scenario.name = fs::path(around.source.name).stem().string();
  TableReader root(document, sink);
  read_run(root, scenario);
  const Value* lab = root.raw("lab");
  if (lab != nullptr && lab->kind == Value::Kind::Table) {
    TableReader inside = root.table("lab");
    scenario.lab = read_lab(inside, around.catalog);
  } else {
    scenario.lab = read_lab_file(root, around, lab_overrides);
  }
  const std::vector<fs::path> folders{around.source.base_dir, around.data.scenarios};
  scenario.services = read_services(root, scenario.lab, around.catalog, folders);
  scenario.workloads = read_workloads(root, scenario.lab, scenario.services, folders);
  scenario.degradations = read_degradations(root, scenario.lab, scenario.services, scenario.workloads);
  const std::vector<std::string> services = names_of(root, "services");
  const std::vector<std::string> workloads = names_of(root, "workloads");
  scenario.focus = root.value_or<std::string>("focus", workloads.empty() ? "" : workloads.front());
  check_reference(root, "focus", scenario.focus, workloads);
  scenario.unit_of_work = root.value_or<std::string>("unit_of_work", "request");
  if (auto beside = root.optional_table("beside")) scenario.beside = read_beside(*beside, jobs_of(scenario.lab, services));
  for (TableReader& slo : root.tables("slo")) scenario.slos.push_back(read_slo(slo, workloads));
  for (TableReader& what_if : root.tables("what_if")) scenario.what_ifs.push_back(read_what_if(what_if, services));
  if (auto sweep = root.optional_table("sweep")) scenario.sweep = read_sweep(*sweep, services, workloads);
  root.finish();
  return scenario;
}

/// Reads the document with these overrides; mistakes go to the sink.
Scenario read_with(const Document& document, const Surroundings& around, std::span<const Override> overrides,
                   DiagnosticSink& sink) {
  std::vector<Override> own;
  std::vector<Override> of_lab;
  const Entry* lab = document.root().find("lab");
  bool lab_is_table = lab != nullptr && lab->value.kind == Value::Kind::Table;
  for (const Override& change : overrides) {
    if (change.key == "lab") lab_is_table = parse_value(change.value, change.place).kind == Value::Kind::Table;
    if (change.key.starts_with(kLabPrefix) && !lab_is_table) {
      of_lab.push_back({change.key.substr(kLabPrefix.size()), change.value, change.place});
    } else {
      own.push_back(change);
    }
  }
  try {
    return read_document(document.with(own), around, of_lab, sink);
  } catch (const ConfigError& error) {
    sink.add(error);
    return {};
  }
}

/// Reads the scenario once per what-if and sweep point, so that a mistake in one shows now and not in the middle of a run.
void check_variants(const Scenario& scenario, const Document& document, const Surroundings& around, DiagnosticSink& sink) {
  for (const Variant& variant : variants_of(scenario)) {
    std::vector<Override> overrides = around.source.overrides;
    overrides.insert(overrides.end(), variant.overrides.begin(), variant.overrides.end());
    DiagnosticSink found;
    static_cast<void>(read_with(document, around, overrides, found));
    for (Diagnostic diagnostic : found.diagnostics()) {
      diagnostic.rule = fmt::format("in {}: {}", variant.label, diagnostic.rule);
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

ScenarioSource ScenarioSource::file(const fs::path& path, std::vector<Override> overrides) {
  ScenarioSource source;
  source.name = path.string();
  source.text = read_text_file(path, kLargestFile);
  source.base_dir = path.parent_path();
  source.overrides = std::move(overrides);
  return source;
}

Scenario Scenario::read_alone(const ScenarioSource& source) {
  const catalog::DataFolder data = catalog::find_data_folder();
  const Surroundings around{source, data, catalog::Catalog(data.catalog)};
  DiagnosticSink sink;
  Scenario scenario = read_with(Document::from_text(source.name, source.text), around, source.overrides, sink);
  sink.throw_if_any();
  return scenario;
}

Scenario Scenario::read(const ScenarioSource& source) {
  const catalog::DataFolder data = catalog::find_data_folder();
  const Surroundings around{source, data, catalog::Catalog(data.catalog)};
  const Document document = Document::from_text(source.name, source.text);
  DiagnosticSink sink;
  Scenario scenario = read_with(document, around, source.overrides, sink);
  sink.throw_if_any();
  check_variants(scenario, document, around, sink);
  sink.throw_if_any();
  return scenario;
}

std::string_view metric_name(SloMetric metric) noexcept {
  for (const auto& [name, value] : kMetrics) {
    if (value == metric) return name;
  }
  return "";
}

}  // namespace labtwin
