#include "sim/service/chat.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/process/arrivals.hpp"

namespace labtwin::service {
namespace {

constexpr std::uint64_t kConversationsPerUser = 1ULL << 16U;
constexpr std::uint64_t kTurnsPerConversation = 1ULL << 12U;

std::uint64_t whole(double count) {
  return static_cast<std::uint64_t>(std::max(1.0, std::round(count)));
}

}  // namespace

Chat::Chat(Engine& engine, const RandomSource& random, const ChatOptions& options, LlmServer& llm, Recorder& recorder)
    : engine_(&engine),
      options_(options),
      llm_(&llm),
      recorder_(&recorder),
      turns_(random.stream("chat.turns")),
      think_(random.stream("chat.think")),
      messages_(random.stream("chat.message_tokens")),
      answers_(random.stream("chat.answer_tokens")) {}

Task<> Chat::user(std::uint64_t number) {
  for (std::uint64_t i = 0;; ++i) {
    // The first message comes after a pause too, so that not everybody asks at once.
    const std::uint64_t conversation_number = number * kConversationsPerUser + i;
    co_await engine_->hold(options_.traffic.think.quantile(think_.uniform(conversation_number * kTurnsPerConversation)));
    co_await conversation(conversation_number);
  }
}

Task<> Chat::open_arrivals(std::unique_ptr<const workload::ArrivalProcess> arrivals) {
  return at_arrivals(*engine_, std::move(arrivals),
                     [this](std::uint64_t number) { engine_->spawn("conversation", conversation(number)); });
}

Task<> Chat::ask_traced(std::uint64_t number, const workload::TraceRequest& traced) {
  // Where the trace tells texts, they say all that its requests have in common.
  const bool is_told = traced.session == 0 || !traced.texts.empty();
  const GenerationRequest request{.owner = options_.owner,
                                  .prompt_tokens = whole(traced.prompt_tokens),
                                  .output_tokens = whole(traced.output_tokens),
                                  .prefix = static_cast<std::uint64_t>(options_.owner) + 1,
                                  .conversation = is_told ? 0 : content_id(traced.session),
                                  .session = traced.session == 0 ? 0 : content_id(traced.session),
                                  .texts = traced.texts};
  static_cast<void>(co_await ask(number, request));
}

std::uint64_t Chat::content_id(std::uint64_t number) const {
  // Contents of different workloads never meet.
  return (static_cast<std::uint64_t>(options_.owner) + 1) << 30U | (number & ((1ULL << 30U) - 1));
}

Task<> Chat::conversation(std::uint64_t number) {
  const ChatTraffic& traffic = options_.traffic;
  const std::uint64_t num_turns = std::min(kTurnsPerConversation - 1, whole(traffic.turns.quantile(turns_.uniform(number))));
  GenerationRequest request{.owner = options_.owner,
                            .prompt_tokens = traffic.system_tokens,
                            .output_tokens = 1,
                            .prefix = static_cast<std::uint64_t>(options_.owner) + 1,
                            .prefix_tokens = traffic.system_tokens,
                            .conversation = content_id(number + 1)};
  for (std::uint64_t turn = 0; turn < num_turns; ++turn) {
    const std::uint64_t turn_number = number * kTurnsPerConversation + turn;
    if (turn > 0) co_await engine_->hold(traffic.think.quantile(think_.uniform(turn_number)));
    request.prompt_tokens += whole(traffic.message_tokens.quantile(messages_.uniform(turn_number)));
    if (request.prompt_tokens >= llm_->longest_request()) co_return;
    request.output_tokens = whole(traffic.answer_tokens.quantile(answers_.uniform(turn_number)));
    const Outcome outcome = co_await ask(turn_number, request);
    if (outcome != Outcome::Completed) co_return;
    request.prompt_tokens += request.output_tokens;
  }
}

Task<Outcome> Chat::generate(std::uint64_t number, GenerationRequest request, CallRecord& record) {
  const Seconds asked = engine_->now();
  record.waits_for(llm_->resource());
  const GenerationResult result = co_await llm_->generate(request);
  record.add(result.card, result.causes);
  record.add(result.links);
  const RequestEnd call{
      .workload = options_.workload, .request = number, .arrived = asked, .ended = engine_->now(), .outcome = result.outcome};
  record_tokens(*recorder_, options_.stages, call, result, options_.owner);
  co_return result.outcome;
}

Task<Outcome> Chat::ask(std::uint64_t number, GenerationRequest request) {
  recorder_->arrive(options_.workload);
  RequestEnd end{
      .workload = options_.workload, .request = number, .arrived = engine_->now(), .ended = {}, .outcome = Outcome::TimedOut};
  CallRecord record(options_.owner);
  Task<Outcome> call = generate(number, request, record);
  const std::optional<Outcome> ended = co_await engine_->with_timeout(std::move(call), options_.timeout);
  end.ended = engine_->now();
  if (!ended) record.give_up(end.ended - end.arrived);
  end.outcome = ended.value_or(Outcome::TimedOut);
  recorder_->end(end, record.timeline());
  co_return end.outcome;
}

}  // namespace labtwin::service
