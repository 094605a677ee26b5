#include <fmt/format.h>

#include "models/workload/arrival.hpp"
#include "sim/simulation/world.hpp"

namespace labtwin {

service::TokenStages World::token_stages() {
  return {.ttft = names_.stages.intern("ttft"), .itl = names_.stages.intern("itl"), .tpot = names_.stages.intern("tpot")};
}

void World::build(const WorkloadSpec& workload, const AgentsSpec& spec) {
  service::AgentOptions options;
  options.names = {.owner = names_.owners.intern(workload.name),
                   .workload = names_.workloads.intern(workload.name),
                   .retrieve = names_.stages.intern("retrieve"),
                   .llm = names_.stages.intern("llm"),
                   .tokens = token_stages(),
                   .policy = names_.resources.intern("backoff"),
                   .hedge = names_.resources.intern("hedge")};
  options.traffic = {.think = spec.traffic.think,
                     .steps = spec.traffic.steps,
                     .prompt_tokens = spec.traffic.prompt_tokens,
                     .step_output_tokens = spec.traffic.step_output_tokens,
                     .answer_tokens = spec.traffic.answer_tokens,
                     .system_tokens = spec.traffic.system_tokens,
                     .grows = spec.traffic.grows};
  options.policy = {.retrieve_timeout = spec.retrieve_timeout,
                    .llm_timeout = spec.llm_timeout,
                    .max_attempts = spec.max_attempts,
                    .backoff = spec.backoff,
                    .backoff_jitter = spec.backoff_jitter,
                    .hedge_after = spec.hedge_after};
  if (spec.breaker) {
    options.policy.breaker =
        service::BreakerPolicy{.num_failures = spec.breaker->num_failures, .open_for = spec.breaker->open_for};
  }
  options.sizes = {
      .search = spec.sizes.search, .hits = spec.sizes.hits, .message = spec.sizes.message, .per_token = spec.sizes.per_token};
  options.query_tokens = spec.query_tokens;
  const bool is_embedding = !spec.embedder.empty();
  const service::Agents::Places places{.store = stores_.at(spec.vector_store).get(),
                                       .llm = llms_.at(spec.llm).get(),
                                       .recorder = &recorder_,
                                       .embedder = is_embedding ? embedders_.at(spec.embedder).get() : nullptr,
                                       .to_store = build_client(workload, spec, spec.vector_store),
                                       .to_llm = build_client(workload, spec, spec.llm),
                                       .to_embedder = is_embedding ? build_client(workload, spec, spec.embedder) : nullptr};
  agents_.emplace(workload.name, std::make_unique<service::Agents>(engine_, random_, options, places));
}

void World::build(const WorkloadSpec& workload, const ChatSpec& spec) {
  service::ChatOptions options;
  options.owner = names_.owners.intern(workload.name);
  options.workload = names_.workloads.intern(workload.name);
  options.stages = token_stages();
  options.traffic = {.turns = spec.turns,
                     .think = spec.think,
                     .message_tokens = spec.message_tokens,
                     .answer_tokens = spec.answer_tokens,
                     .system_tokens = spec.system_tokens};
  options.timeout = spec.timeout;
  chats_.emplace(workload.name, std::make_unique<service::Chat>(engine_, random_, options, *llms_.at(spec.llm), recorder_));
}

template <typename Service>
void World::start_arrivals(const std::string& name, const ArrivalSpec& arrivals, Service& service, std::string_view stream) {
  if (const auto* closed = std::get_if<ClosedLoopSpec>(&arrivals)) {
    for (std::uint64_t user = 0; user < closed->num_users; ++user) {
      engine_.spawn(fmt::format("{}.{}", name, user), service.user(user), ProcessKind::Server);
    }
    return;
  }
  if (const auto* poisson = std::get_if<PoissonSpec>(&arrivals)) {
    auto process = std::make_unique<workload::PoissonArrivals>(poisson->rate, random_.stream(stream));
    engine_.spawn(name, service.open_arrivals(std::move(process)), ProcessKind::Server);
    return;
  }
  const auto ask = [&service](std::uint64_t number, const workload::TraceRequest& request) {
    return service.ask_traced(number, request);
  };
  if (const auto* servegen = std::get_if<ServegenSpec>(&arrivals)) {
    auto requests = std::make_shared<workload::ServegenRequests>(servegen->clients, servegen->scale, random_);
    engine_.spawn(name, service::ask_drawn(engine_, std::move(requests), ask), ProcessKind::Server);
    return;
  }
  start_trace(name, std::get<TraceSpec>(arrivals), stream, ask);
}

void World::start_trace(const std::string& name, const TraceSpec& spec, std::string_view stream,
                        service::TraceReplay::Ask ask) {
  service::TraceReplay& replay =
      *replays_.emplace_back(std::make_unique<service::TraceReplay>(engine_, spec.trace, spec.speed, std::move(ask)));
  if (spec.num_users) {
    for (std::uint32_t user = 0; user < *spec.num_users; ++user) {
      engine_.spawn(fmt::format("{}.{}", name, user), replay.user());
    }
    return;
  }
  std::unique_ptr<const workload::ArrivalProcess> arrivals;
  if (spec.rate) {
    arrivals = std::make_unique<workload::PoissonArrivals>(*spec.rate, random_.stream(stream));
  } else {
    arrivals = std::make_unique<workload::TraceArrivals>(replay.starts(), spec.speed);
  }
  engine_.spawn(name, replay.begin_at(std::move(arrivals)), ProcessKind::Server);
}

void World::start(const WorkloadSpec& workload, const AgentsSpec& spec) {
  start_arrivals(workload.name, spec.arrivals, *agents_.at(workload.name), "agents.arrival");
}

void World::start(const WorkloadSpec& workload, const ChatSpec& spec) {
  start_arrivals(workload.name, spec.arrivals, *chats_.at(workload.name), "chat.arrival");
}

}  // namespace labtwin
