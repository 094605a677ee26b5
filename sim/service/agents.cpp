#include "sim/service/agents.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/process/arrivals.hpp"

namespace labtwin::service {
namespace {

// Numbers that address variates are built from what they belong to: user, turn of the user, step of the turn, attempt.
constexpr std::uint64_t kTurnsPerUser = 1ULL << 24U;
constexpr std::uint64_t kStepsPerTurn = 1ULL << 12U;
constexpr std::uint64_t kAttemptsPerStep = 1ULL << 7U;
/// From the number of an attempt to that of its hedge.
constexpr std::uint64_t kHedgeOfAttempt = kAttemptsPerStep / 2;

std::uint64_t whole(double count) {
  return static_cast<std::uint64_t>(std::max(1.0, std::round(count)));
}

}  // namespace

Agents::Agents(Engine& engine, const RandomSource& random, const AgentOptions& options, const Places& places)
    : engine_(&engine),
      options_(options),
      places_(places),
      think_(random.stream("agents.think")),
      steps_(random.stream("agents.steps")),
      prompts_(random.stream("agents.prompt_tokens")),
      outputs_(random.stream("agents.output_tokens")),
      backoffs_(random.stream("agents.backoff")),
      store_breaker_(options.policy.breaker),
      llm_breaker_(options.policy.breaker) {}

Task<> Agents::user(std::uint64_t number) {
  for (std::uint64_t turn_of_user = 0;; ++turn_of_user) {
    const std::uint64_t turn_number = number * kTurnsPerUser + turn_of_user;
    co_await engine_->hold(options_.traffic.think.quantile(think_.uniform(turn_number)));
    TurnShape shape = draw_turn(turn_number);
    co_await turn(turn_number, std::move(shape));
  }
}

Task<> Agents::open_arrivals(std::unique_ptr<const workload::ArrivalProcess> arrivals) {
  return at_arrivals(*engine_, std::move(arrivals),
                     [this](std::uint64_t number) { engine_->spawn("turn", turn(number, draw_turn(number))); });
}

Task<> Agents::ask_traced(std::uint64_t number, const workload::TraceRequest& traced) {
  return turn(number, turn_of_trace(number, traced));
}

TurnShape Agents::draw_turn(std::uint64_t number) const {
  const TrafficModel& traffic = options_.traffic;
  TurnShape shape;
  shape.num_steps = std::min(kStepsPerTurn - 1, whole(traffic.steps.quantile(steps_.uniform(number))));
  for (std::uint64_t step = 0; step < shape.num_steps; ++step) {
    const bool is_answer = step + 1 == shape.num_steps;
    const auto& outputs = is_answer ? traffic.answer_tokens : traffic.step_output_tokens;
    shape.calls.push_back({.owner = options_.names.owner,
                           .prompt_tokens = whole(traffic.prompt_tokens.quantile(prompts_.uniform(number, step))),
                           .output_tokens = whole(outputs.quantile(outputs_.uniform(number, step)))});
  }
  join_prompts(number, shape);
  return shape;
}

void Agents::join_prompts(std::uint64_t number, TurnShape& shape) const {
  // Contents of different workloads never meet.
  const std::uint64_t owner = (static_cast<std::uint64_t>(options_.names.owner) + 1) << 30U;
  std::uint64_t before = options_.traffic.system_tokens;
  for (GenerationRequest& call : shape.calls) {
    call.prefix = owner;
    call.prefix_tokens = options_.traffic.system_tokens;
    call.session = owner | (number & ((1ULL << 30U) - 1));
    call.prompt_tokens = std::max(call.prompt_tokens, before + 1);
    if (!options_.traffic.grows) continue;
    call.conversation = call.session;
    before = call.prompt_tokens + call.output_tokens;
  }
}

TurnShape Agents::turn_of_trace(std::uint64_t number, const workload::TraceRequest& request) const {
  TurnShape shape = draw_turn(number);
  for (GenerationRequest& call : shape.calls) call.prompt_tokens = whole(request.prompt_tokens);
  shape.calls.back().output_tokens = whole(request.output_tokens);
  join_prompts(number, shape);
  return shape;
}

Task<> Agents::turn(std::uint64_t number, TurnShape shape) {
  const WorkloadId workload = options_.names.workload;
  const Seconds arrived = engine_->now();
  places_.recorder->arrive(workload);
  Timeline timeline;
  Outcome outcome = Outcome::Completed;
  for (std::uint64_t step = 0; step < shape.num_steps && outcome == Outcome::Completed; ++step) {
    Timeline retrieving;
    RequestEnd end{.workload = workload, .request = number, .arrived = engine_->now(), .ended = {}, .outcome = outcome};
    outcome = co_await retrieve(number * kStepsPerTurn + step, retrieving);
    end.ended = engine_->now();
    end.outcome = outcome;
    places_.recorder->end_stage(options_.names.retrieve, end, retrieving);
    timeline.append(retrieving);
    if (outcome != Outcome::Completed) break;

    Timeline asking;
    end.arrived = engine_->now();
    outcome = co_await ask(number * kStepsPerTurn + step, shape.calls[step], asking);
    end.ended = engine_->now();
    end.outcome = outcome;
    places_.recorder->end_stage(options_.names.llm, end, asking);
    timeline.append(asking);
  }
  places_.recorder->end(
      {.workload = workload, .request = number, .arrived = arrived, .ended = engine_->now(), .outcome = outcome}, timeline);
}

Task<Outcome> Agents::retrieve(std::uint64_t call_number, Timeline& timeline) {
  Outcome outcome = Outcome::Failed;
  for (std::uint32_t attempt = 0; attempt < options_.policy.max_attempts; ++attempt) {
    if (attempt > 0) co_await back_off(call_number, attempt, timeline);
    outcome = Outcome::Rejected;
    if (!store_breaker_.admit(engine_->now())) {
      ++counts_.open_circuit;
      continue;
    }
    CallRecord record(options_.names.owner);
    const Seconds began = engine_->now();
    const SearchRequest request{call_number * kAttemptsPerStep + attempt};
    const std::optional<Outcome> ended =
        co_await engine_->with_timeout(find(request, record), options_.policy.retrieve_timeout);
    if (!ended) record.give_up(engine_->now() - began);
    note_attempt(store_breaker_, ended);
    timeline.append(record.timeline());
    outcome = ended.value_or(Outcome::TimedOut);
    if (outcome == Outcome::Completed) break;
  }
  co_return outcome;
}

void Agents::note_attempt(CircuitBreaker& breaker, const std::optional<Outcome>& ended) {
  if (!ended) ++counts_.timeouts;
  breaker.report(engine_->now(), ended == Outcome::Completed);
}

Task<Outcome> Agents::embed(CallRecord& record) {
  NetworkClient* network = places_.to_embedder;
  NetworkClient::Call call;
  if (network != nullptr) {
    const Outcome sent = co_await network->send(options_.sizes.text(options_.query_tokens), call, record);
    if (sent != Outcome::Completed) co_return sent;
  }
  record.waits_for(places_.embedder->resource());
  const GenerationRequest text{.owner = options_.names.owner, .prompt_tokens = options_.query_tokens, .output_tokens = 1};
  const GenerationResult embedded = co_await places_.embedder->generate(text);
  record.add(embedded.card, embedded.causes);
  if (network == nullptr || embedded.outcome != Outcome::Completed) co_return embedded.outcome;
  co_return co_await network->receive(options_.sizes.search, call, record);
}

Task<Outcome> Agents::find(SearchRequest request, CallRecord& record) {
  if (places_.embedder != nullptr) {
    const Outcome embedded = co_await embed(record);
    if (embedded != Outcome::Completed) co_return embedded;
  }
  Task<Outcome> call = options_.policy.hedge_after ? search_hedged(request, record) : search(request, record);
  co_return co_await std::move(call);
}

Task<> Agents::search_on_server(SearchRequest request, std::shared_ptr<RemoteSearch> remote) {
  const Outcome outcome = co_await places_.store->search(request, remote->record);
  remote->found.complete(outcome);
}

Task<Outcome> Agents::search(SearchRequest request, CallRecord& record) {
  NetworkClient* network = places_.to_store;
  if (network == nullptr) co_return co_await places_.store->search(request, record);
  NetworkClient::Call call;
  const Outcome sent = co_await network->send(options_.sizes.search, call, record);
  if (sent != Outcome::Completed) co_return sent;
  record.waits_for(places_.store->resource());
  const auto remote = std::make_shared<RemoteSearch>(*engine_, record.owner());
  engine_->spawn("search", search_on_server(request, remote), ProcessKind::Server);
  const Outcome found = co_await remote->found;
  record.add(remote->record.timeline());
  if (found != Outcome::Completed) co_return found;
  co_return co_await network->receive(options_.sizes.hits, call, record);
}

Task<Outcome> Agents::hedge(SearchRequest request, CallRecord& record) {
  const Seconds pause = *options_.policy.hedge_after;
  co_await engine_->hold(pause);
  record.add(options_.names.hedge, {{DelayKind::Policy, record.owner(), pause}});
  ++counts_.hedges;
  co_return co_await search(request, record);
}

// Of the two, the one that answers first owns the time.
Task<Outcome> Agents::search_hedged(SearchRequest request, CallRecord& record) {
  CallRecord second(record.owner());
  std::vector<Task<Outcome>> both;
  both.push_back(search(request, record));
  both.push_back(hedge({request.number + kHedgeOfAttempt}, second));
  auto any = engine_->wait_any(std::move(both));
  const AnyResult<Outcome> first = co_await any;
  if (first.index == 1) record = second;
  co_return first.value;
}

Task<Outcome> Agents::generate(GenerationRequest request, CallRecord& record) {
  NetworkClient* network = places_.to_llm;
  NetworkClient::Call call;
  const Seconds asked = engine_->now();
  if (network != nullptr) {
    const Outcome outcome = co_await network->send(options_.sizes.text(request.prompt_tokens), call, record);
    if (outcome != Outcome::Completed) co_return outcome;
  }
  record.waits_for(places_.llm->resource());
  const Seconds sent = engine_->now();
  GenerationResult generated = co_await places_.llm->generate(request);
  record.add(generated.card, generated.causes);
  record.add(generated.links);
  generated.time_to_first_token += sent - asked;
  const RequestEnd served{.workload = options_.names.workload,
                          .request = 0,
                          .arrived = asked,
                          .ended = engine_->now(),
                          .outcome = generated.outcome};
  record_tokens(*places_.recorder, options_.names.tokens, served, generated, options_.names.owner);
  if (network == nullptr || generated.outcome != Outcome::Completed) co_return generated.outcome;
  co_return co_await network->receive(options_.sizes.text(request.output_tokens), call, record);
}

Task<Outcome> Agents::ask(std::uint64_t call_number, GenerationRequest request, Timeline& timeline) {
  Outcome outcome = Outcome::Failed;
  for (std::uint32_t attempt = 0; attempt < options_.policy.max_attempts; ++attempt) {
    if (attempt > 0) co_await back_off(call_number, attempt, timeline);
    outcome = Outcome::Rejected;
    if (!llm_breaker_.admit(engine_->now())) {
      ++counts_.open_circuit;
      continue;
    }
    CallRecord record(options_.names.owner);
    const Seconds began = engine_->now();
    Task<Outcome> call = generate(request, record);
    const std::optional<Outcome> ended = co_await engine_->with_timeout(std::move(call), options_.policy.llm_timeout);
    if (!ended) record.give_up(engine_->now() - began);
    note_attempt(llm_breaker_, ended);
    timeline.append(record.timeline());
    outcome = ended.value_or(Outcome::TimedOut);
    if (outcome == Outcome::Completed) break;
  }
  co_return outcome;
}

Task<> Agents::back_off(std::uint64_t call_number, std::uint32_t attempt, Timeline& timeline) {
  ++counts_.retries;
  const double drawn = options_.policy.backoff_jitter * backoffs_.uniform(call_number, attempt);
  const Seconds pause = options_.policy.backoff * std::exp2(static_cast<double>(attempt - 1)) * (1.0 - drawn);
  co_await engine_->hold(pause);
  timeline.append(
      {.resource = options_.names.policy, .kind = DelayKind::Policy, .culprit = options_.names.owner, .duration = pause});
}

}  // namespace labtwin::service
