#include "sim/scenario/read_workloads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "models/base/text.hpp"
#include "sim/scenario/service_place.hpp"
#include "sim/scenario/variants.hpp"

namespace labtwin {
namespace {

namespace fs = std::filesystem;

/// What a workload's table may refer to.
struct Surroundings {
  const Lab& lab;
  const std::vector<ServiceSpec>& services;
  const std::vector<fs::path>& folders;
};

template <class Kind>
std::vector<std::string> services_of_kind(const std::vector<ServiceSpec>& services) {
  std::vector<std::string> names;
  for (const ServiceSpec& service : services) {
    if (std::holds_alternative<Kind>(service.kind)) names.push_back(service.name);
  }
  return names;
}

std::vector<std::string> known_profiles(const std::vector<fs::path>& folders) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const fs::path& folder : folders) {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder / "workloads", ignored)) {
      if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

constexpr Range kTokens{.low = 1.0, .high = 1e7};
constexpr Range kSteps{.low = 1.0, .high = 1000.0};

AgentTraffic read_profile(TableReader& root) {
  AgentTraffic traffic;
  traffic.think = root.distribution<Seconds>("think");
  traffic.steps = root.distribution<double>("steps", kSteps);
  traffic.prompt_tokens = root.distribution<double>("prompt_tokens", kTokens);
  traffic.step_output_tokens = root.distribution<double>("step_output_tokens", kTokens);
  traffic.answer_tokens = root.distribution<double>("answer_tokens", kTokens);
  return traffic;
}

/// Reads the profile's file into the spec; mistakes in it are reported at its own lines.
void read_profile_file(TableReader& table, const Surroundings& around, AgentsSpec& spec) {
  spec.profile = table.required<std::string>("profile");
  if (spec.profile.empty()) return;
  const auto path = find_file(fmt::format("workloads/{}.toml", spec.profile), around.folders);
  if (!path) {
    check_reference(table, "profile", spec.profile, known_profiles(around.folders));
    return;
  }
  try {
    const Document document = Document::read(*path);
    TableReader root(document, table.sink());
    static_cast<void>(root.value_or<std::string>("title", ""));
    spec.provenance = read_provenance(root);
    spec.traffic = read_profile(root);
    root.finish();
  } catch (const ConfigError& error) {
    table.sink().add(error);
  }
}

/// The file that a key names; nothing, and reported, if there is none.
std::optional<fs::path> read_file(TableReader& table, std::string_view key, const Surroundings& around) {
  const auto file = table.required<std::string>(key);
  if (file.empty()) return std::nullopt;
  auto path = find_file(file, around.folders);
  if (!path) table.fail(key, "there is no such file");
  return path;
}

ServegenSpec read_servegen_arrivals(TableReader& arrivals, const Surroundings& around) {
  ServegenSpec spec;
  const auto windows = read_file(arrivals, "windows", around);
  const auto lengths = read_file(arrivals, "lengths", around);
  const auto model = arrivals.required<std::string>("model");
  const auto start = arrivals.value_or<Seconds>("start", Seconds{}, kNonNegative);
  spec.scale = arrivals.value_or<double>("scale", spec.scale, kPositive);
  if (!windows || !lengths || model.empty()) return spec;
  try {
    spec.clients = std::make_shared<const workload::ServegenClients>(
        workload::read_servegen({.windows = *windows, .lengths = *lengths, .model = model, .start = start}));
  } catch (const ConfigError& error) {
    arrivals.sink().add(error);
  }
  return spec;
}

TraceSpec read_trace_arrivals(TableReader& arrivals, const Surroundings& around) {
  TraceSpec spec;
  spec.speed = arrivals.value_or<double>("speed", 1.0, kPositive);
  spec.num_users = arrivals.optional<std::uint32_t>("users", between(1.0, 1e6));
  spec.rate = arrivals.optional<PerSecond>("rate", kPositive);
  if (spec.num_users && spec.rate) arrivals.fail("rate", "says when sessions begin, as users does: one of them");
  const auto path = read_file(arrivals, "file", around);
  if (!path) return spec;
  try {
    spec.trace = std::make_shared<const workload::Trace>(workload::read_trace(*path));
  } catch (const ConfigError& error) {
    arrivals.sink().add(error);
    return spec;
  }
  if (!spec.trace->has_clock && !spec.num_users && !spec.rate) {
    arrivals.fail("users", "is missing: the trace does not say when its sessions begin",
                  "users = 4, who have one after the other, or rate = \"30 /h\"");
  }
  return spec;
}

ArrivalSpec read_arrivals(TableReader& table, const Surroundings& around) {
  enum class Process : unsigned char { ClosedLoop, Poisson, Trace, Servegen };
  TableReader arrivals = table.table("arrivals");
  const auto process = arrivals.enumeration<Process>("process", {{"closed_loop", Process::ClosedLoop},
                                                                 {"poisson", Process::Poisson},
                                                                 {"trace", Process::Trace},
                                                                 {"servegen", Process::Servegen}});
  switch (process) {
    case Process::ClosedLoop:
      return ClosedLoopSpec{arrivals.required<std::uint32_t>("users", between(1.0, 1e6))};
    case Process::Poisson:
      return PoissonSpec{arrivals.required<PerSecond>("rate", kPositive)};
    case Process::Trace:
      return read_trace_arrivals(arrivals, around);
    case Process::Servegen:
      return read_servegen_arrivals(arrivals, around);
  }
  return ClosedLoopSpec{};
}

/// The key `node` and what calls from there are like. The node of every service must be within reach.
void read_node(TableReader& table, const Surroundings& around, AgentsSpec& spec) {
  spec.node = table.value_or<std::string>("node", "");
  std::vector<std::string> nodes;
  for (const NodeSpec& node : around.lab.nodes) nodes.push_back(node.name);
  check_reference(table, "node", spec.node, nodes);
  if (spec.node.empty()) return;
  for (const ServiceSpec& service : around.services) {
    if (service.name != spec.vector_store && service.name != spec.llm) continue;
    if (around.lab.find_node(spec.node) == nullptr || are_cabled(around.lab, spec.node, service.node)) continue;
    table.fail("node",
               fmt::format("there is no way from {} to {} on {}: plug in cables", spec.node, service.name, service.node));
  }
  CallSizesSpec& sizes = spec.sizes;
  sizes.search = table.value_or<Bytes>("search_bytes", sizes.search, at_least(1.0));
  sizes.hits = table.value_or<Bytes>("hits_bytes", sizes.hits, at_least(1.0));
  sizes.per_token = table.value_or<Bytes>("token_bytes", sizes.per_token, kPositive);
  if (auto inside = table.optional_table("connections")) {
    ConnectionsSpec& connections = spec.connections;
    connections.max = inside->value_or<std::uint32_t>("max", connections.max, between(1.0, 65536.0));
    connections.is_kept = inside->value_or<bool>("keep_alive", connections.is_kept);
    connections.idle_timeout = inside->value_or<Seconds>("idle_timeout", connections.idle_timeout, kPositive);
  }
}

void read_policy(TableReader& table, AgentsSpec& spec) {
  spec.backoff = table.value_or<Seconds>("backoff", Seconds::from_base(1.0), kNonNegative);
  spec.backoff_jitter = table.value_or<double>("backoff_jitter", spec.backoff_jitter, kFraction);
  spec.hedge_after = table.optional<Seconds>("hedge_after", kPositive);
  if (spec.hedge_after && *spec.hedge_after >= spec.retrieve_timeout) {
    table.fail("hedge_after", "must be shorter than retrieve_timeout: later no call is waiting");
  }
  std::optional<TableReader> inside = table.optional_table("breaker");
  if (!inside) return;
  spec.breaker = BreakerSpec{.num_failures = inside->value_or<std::uint32_t>("failures", 5, at_least(1.0)),
                             .open_for = inside->required<Seconds>("open_for", kPositive)};
}

WorkloadKind read_agents(TableReader& table, const Surroundings& around) {
  AgentsSpec spec;
  spec.vector_store = table.required<std::string>("vector_store");
  check_reference(table, "vector_store", spec.vector_store, services_of_kind<VectorStoreSpec>(around.services));
  spec.llm = table.required<std::string>("llm");
  check_reference(table, "llm", spec.llm, services_of_kind<LlmServerSpec>(around.services));
  spec.embedder = table.value_or<std::string>("embedder", "");
  if (!spec.embedder.empty()) {
    check_reference(table, "embedder", spec.embedder, services_of_kind<EmbedderSpec>(around.services));
    spec.query_tokens = table.value_or<std::uint32_t>("query_tokens", spec.query_tokens, between(1.0, 1e6));
    const auto* embedder = find_service<EmbedderSpec>(around.services, spec.embedder);
    if (embedder != nullptr && spec.query_tokens > embedder->max_tokens) {
      table.fail("query_tokens", fmt::format("{} takes texts of at most {} tokens", spec.embedder, embedder->max_tokens));
    }
  }
  read_node(table, around, spec);
  spec.arrivals = read_arrivals(table, around);
  read_profile_file(table, around, spec);
  for (const char* key : {"think", "steps", "prompt_tokens", "step_output_tokens", "answer_tokens"}) {
    if (table.raw(key) != nullptr) spec.own_numbers.insert(key);
  }
  AgentTraffic& traffic = spec.traffic;
  traffic.think = table.distribution_or("think", traffic.think);
  traffic.steps = table.distribution_or("steps", traffic.steps, kSteps);
  traffic.prompt_tokens = table.distribution_or("prompt_tokens", traffic.prompt_tokens, kTokens);
  traffic.step_output_tokens = table.distribution_or("step_output_tokens", traffic.step_output_tokens, kTokens);
  traffic.answer_tokens = table.distribution_or("answer_tokens", traffic.answer_tokens, kTokens);
  traffic.system_tokens = table.value_or<std::uint32_t>("system_tokens", traffic.system_tokens, between(0.0, 1e7));
  traffic.grows = table.value_or<bool>("grows", traffic.grows);
  spec.retrieve_timeout = table.required<Seconds>("retrieve_timeout", kPositive);
  spec.llm_timeout = table.required<Seconds>("llm_timeout", kPositive);
  spec.max_attempts = table.value_or<std::uint32_t>("max_attempts", spec.max_attempts, between(1.0, 100.0));
  read_policy(table, spec);
  return spec;
}

WorkloadKind read_sensors(TableReader& table, const Surroundings& around) {
  SensorsSpec spec;
  spec.node = table.required<std::string>("node");
  std::vector<std::string> nodes;
  for (const NodeSpec& node : around.lab.nodes) nodes.push_back(node.name);
  check_reference(table, "node", spec.node, nodes);
  spec.detector = table.required<std::string>("detector");
  check_reference(table, "detector", spec.detector, services_of_kind<StreamDetectorSpec>(around.services));
  for (const ServiceSpec& service : around.services) {
    if (service.name != spec.detector || around.lab.find_node(spec.node) == nullptr) continue;
    if (service.node == spec.node) table.fail("node", "is the node of the detector: datagrams need a way to lose them on");
    if (!are_cabled(around.lab, spec.node, service.node)) {
      table.fail("node", fmt::format("there is no way from {} to {}: plug in cables", spec.node, service.node));
    }
  }
  spec.rate = table.required<PerSecond>("rate", kPositive);
  spec.payload = table.required<Bytes>("payload", between(1.0, 65507.0));
  spec.mtu = table.value_or<Bytes>("mtu", spec.mtu, between(576.0, 65536.0));
  spec.anomalies = table.required<PerSecond>("anomalies", kPositive);
  spec.datagrams_per_anomaly =
      table.value_or<std::uint32_t>("datagrams_per_anomaly", spec.datagrams_per_anomaly, between(1.0, 100000.0));
  return spec;
}

/// A usual first message must leave room for an answer: else nobody ever gets one.
void check_first_message(TableReader& table, const ChatSpec& spec, const std::vector<ServiceSpec>& services) {
  const auto* llm = find_service<LlmServerSpec>(services, spec.llm);
  if (llm == nullptr) return;
  const std::uint32_t longest = serving::longest_request(llm->engine);
  const double message = spec.message_tokens.quantile(0.5);
  if (spec.system_tokens + message < longest) return;
  table.fail("message_tokens",
             fmt::format("has a median of {:.0f}, behind {} system_tokens, where {} has room for requests of {} tokens",
                         message, spec.system_tokens, spec.llm, longest),
             serving::llama_server(llm->engine) != nullptr ? "ctx_size is shared by its parallel slots" : "");
}

WorkloadKind read_chat(TableReader& table, const Surroundings& around) {
  ChatSpec spec;
  spec.llm = table.required<std::string>("llm");
  check_reference(table, "llm", spec.llm, services_of_kind<LlmServerSpec>(around.services));
  spec.arrivals = read_arrivals(table, around);
  spec.timeout = table.required<Seconds>("timeout", kPositive);
  spec.provenance = read_provenance(table);
  if (brings_lengths(spec.arrivals)) return spec;  // whose requests say everything
  spec.turns = table.distribution<double>("turns", kSteps);
  spec.think = table.distribution<Seconds>("think");
  spec.message_tokens = table.distribution<double>("message_tokens", kTokens);
  spec.answer_tokens = table.distribution<double>("answer_tokens", kTokens);
  spec.system_tokens = table.value_or<std::uint32_t>("system_tokens", spec.system_tokens, between(0.0, 1e7));
  check_first_message(table, spec, around.services);
  return spec;
}

/// A type of workload and the function that reads its table.
struct WorkloadType {
  std::string_view name;
  WorkloadKind (*read)(TableReader& table, const Surroundings& around);
};
constexpr std::array<WorkloadType, 3> kWorkloadTypes{
    {{"agents", &read_agents}, {"chat", &read_chat}, {"sensors", &read_sensors}}};

std::vector<std::string> type_names() {
  std::vector<std::string> names;
  for (const WorkloadType& type : kWorkloadTypes) names.emplace_back(type.name);
  return names;
}

}  // namespace

std::vector<WorkloadSpec> read_workloads(TableReader& root, const Lab& lab, const std::vector<ServiceSpec>& services,
                                         const std::vector<std::filesystem::path>& folders) {
  std::vector<WorkloadSpec> workloads;
  for (TableReader& table : root.named_tables("workloads")) {
    const auto name = table.required<std::string>("type");
    const auto type =
        std::find_if(kWorkloadTypes.begin(), kWorkloadTypes.end(), [&](const WorkloadType& row) { return row.name == name; });
    if (type == kWorkloadTypes.end()) {
      check_reference(table, "type", name, type_names());
      table.accept_rest();
      continue;
    }
    workloads.push_back({table.name(), type->read(table, {lab, services, folders})});
  }
  return workloads;
}

}  // namespace labtwin
