#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "models/base/distribution.hpp"
#include "models/base/rng.hpp"
#include "models/workload/arrival.hpp"
#include "models/workload/trace.hpp"
#include "sim/engine/engine.hpp"
#include "sim/process/recorder.hpp"
#include "sim/service/call_record.hpp"
#include "sim/service/llm_server.hpp"
#include "sim/service/token_stages.hpp"

namespace labtwin::service {

/// What people write and how long they take, drawn as functions of the conversation and the turn.
struct ChatTraffic {
  DistributionOf<double> turns;  ///< of a conversation
  DistributionOf<Seconds> think;
  DistributionOf<double> message_tokens;
  DistributionOf<double> answer_tokens;
  std::uint64_t system_tokens = 0;  ///< that every conversation begins with
};

struct ChatOptions {
  OwnerId owner = 0;
  WorkloadId workload = 0;
  TokenStages stages;
  ChatTraffic traffic;
  Seconds timeout;
};

/// People who talk with a language model. Each turn's prompt is all that was said before and a new message, so that an engine
/// that keeps what it computed needs to look at the message only. A conversation ends after its turns, where the
/// context ends, or when an answer takes too long.
class Chat {
 public:
  Chat(Engine& engine, const RandomSource& random, const ChatOptions& options, LlmServer& llm, Recorder& recorder);
  Chat(const Chat&) = delete;
  Chat& operator=(const Chat&) = delete;

  /// Somebody who has one conversation after the other, for ever: a process to be spawned.
  Task<> user(std::uint64_t number);
  /// Conversations that begin whether or not others have ended.
  Task<> open_arrivals(std::unique_ptr<const workload::ArrivalProcess> arrivals);
  /// A single request with the lengths and texts of a trace, until it has ended. What it refers to outlives the server.
  Task<> ask_traced(std::uint64_t number, const workload::TraceRequest& traced);

 private:
  Task<> conversation(std::uint64_t number);
  Task<Outcome> ask(std::uint64_t number, GenerationRequest request);
  Task<Outcome> generate(std::uint64_t number, GenerationRequest request, CallRecord& record);
  [[nodiscard]] std::uint64_t content_id(std::uint64_t number) const;

  Engine* engine_;
  ChatOptions options_;
  LlmServer* llm_;
  Recorder* recorder_;
  RandomStream turns_;
  RandomStream think_;
  RandomStream messages_;
  RandomStream answers_;
};

}  // namespace labtwin::service
