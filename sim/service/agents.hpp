#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/base/distribution.hpp"
#include "models/base/rng.hpp"
#include "models/workload/arrival.hpp"
#include "models/workload/trace.hpp"
#include "sim/engine/engine.hpp"
#include "sim/engine/trigger.hpp"
#include "sim/process/recorder.hpp"
#include "sim/service/call_record.hpp"
#include "sim/service/circuit_breaker.hpp"
#include "sim/service/llm_server.hpp"
#include "sim/service/network_client.hpp"
#include "sim/service/token_stages.hpp"
#include "sim/service/vector_store.hpp"

namespace labtwin::service {

/// What one question asks of the services.
struct TurnShape {
  std::uint64_t num_steps = 1;  ///< retrieve-and-ask rounds, the answer included
  std::vector<GenerationRequest> calls{};
};

/// Draws what users do: as functions of the user and the turn, so that nobody's luck depends on the lab.
struct TrafficModel {
  DistributionOf<Seconds> think;
  DistributionOf<double> steps;
  DistributionOf<double> prompt_tokens;
  DistributionOf<double> step_output_tokens;
  DistributionOf<double> answer_tokens;
  std::uint64_t system_tokens = 0;
  bool grows = false;
};

struct CallPolicy {
  Seconds retrieve_timeout;
  Seconds llm_timeout;
  std::uint32_t max_attempts = 2;        ///< the first included
  Seconds backoff;                       ///< before the second attempt; doubles from then on
  double backoff_jitter = 0.0;           ///< share of the back-off that is drawn: 1 is anything from nothing to all of it
  std::optional<Seconds> hedge_after{};  ///< a retrieval that takes longer is sent a second time; the first answer counts
  std::optional<BreakerPolicy> breaker{};
};

/// What calls of a workload came to, from the start of the run on.
struct CallCounts {
  std::uint64_t retries = 0;
  std::uint64_t timeouts = 0;  ///< of attempts
  std::uint64_t hedges = 0;
  std::uint64_t open_circuit = 0;  ///< attempts that a breaker refused
};

/// Bytes of calls on the wire.
struct CallSizes {
  Bytes search;   ///< the query of a retrieval, with its vector
  Bytes hits;     ///< what it finds
  Bytes message;  ///< of a call or an answer of the language model, beside its text
  Bytes per_token;

  [[nodiscard]] Bytes text(std::uint64_t num_tokens) const noexcept {
    return message + per_token * static_cast<double>(num_tokens);
  }
};

/// Names that an agent workload records under.
struct AgentNames {
  OwnerId owner = 0;
  WorkloadId workload = 0;
  StageId retrieve = 0;
  StageId llm = 0;
  TokenStages tokens{};
  ResourceId policy = 0;  ///< back-off
  ResourceId hedge = 0;   ///< the wait before a hedge
};

struct AgentOptions {
  AgentNames names;
  TrafficModel traffic;
  CallPolicy policy;
  CallSizes sizes;
  std::uint64_t query_tokens = 1;  ///< that are embedded before a search
};

/// An agentic workflow: per question `steps` times retrieve, then ask the language model. A call that takes too long or is
/// refused is tried again after a back-off; when all attempts are used up, the question has failed. A vector store on another
/// node does not notice that a client has given up: it works on, which is how retries become a storm; a language model server
/// does, and stops.
class Agents {
 public:
  struct Places {
    VectorStore* store = nullptr;
    LlmServer* llm = nullptr;
    Recorder* recorder = nullptr;
    LlmServer* embedder = nullptr;         ///< none: vectors of questions are there
    NetworkClient* to_store = nullptr;     ///< none: on the node of the store
    NetworkClient* to_llm = nullptr;       ///< none: on the node of the model
    NetworkClient* to_embedder = nullptr;  ///< none: on its node
  };

  Agents(Engine& engine, const RandomSource& random, const AgentOptions& options, const Places& places);
  Agents(const Agents&) = delete;
  Agents& operator=(const Agents&) = delete;

  /// A user who thinks, asks, waits for the answer and thinks again, for ever: a process to be spawned.
  Task<> user(std::uint64_t number);
  /// Questions that come whether or not earlier ones are answered.
  Task<> open_arrivals(std::unique_ptr<const workload::ArrivalProcess> arrivals);
  /// One question with the lengths of a trace's request, until it is answered.
  Task<> ask_traced(std::uint64_t number, const workload::TraceRequest& traced);

  [[nodiscard]] const CallCounts& counts() const noexcept { return counts_; }

 private:
  Task<> turn(std::uint64_t number, TurnShape shape);
  Task<Outcome> retrieve(std::uint64_t call_number, Timeline& timeline);
  /// A search on another node, which goes on if nobody waits for it any more.
  struct RemoteSearch {
    RemoteSearch(Engine& engine, OwnerId owner) : record(owner), found(engine) {}
    CallRecord record;
    Trigger<Outcome> found;
  };
  Task<> search_on_server(SearchRequest request, std::shared_ptr<RemoteSearch> remote);
  Task<Outcome> embed(CallRecord& record);
  /// Embeds the question, where there is who does, and searches.
  Task<Outcome> find(SearchRequest request, CallRecord& record);
  Task<Outcome> search(SearchRequest request, CallRecord& record);
  Task<Outcome> hedge(SearchRequest request, CallRecord& record);
  Task<Outcome> search_hedged(SearchRequest request, CallRecord& record);
  Task<Outcome> generate(GenerationRequest request, CallRecord& record);
  Task<Outcome> ask(std::uint64_t call_number, GenerationRequest request, Timeline& timeline);
  Task<> back_off(std::uint64_t call_number, std::uint32_t attempt, Timeline& timeline);
  void note_attempt(CircuitBreaker& breaker, const std::optional<Outcome>& ended);
  [[nodiscard]] TurnShape draw_turn(std::uint64_t number) const;
  /// What the prompts of a turn have in common.
  void join_prompts(std::uint64_t number, TurnShape& shape) const;
  [[nodiscard]] TurnShape turn_of_trace(std::uint64_t number, const workload::TraceRequest& request) const;

  Engine* engine_;
  AgentOptions options_;
  Places places_;
  RandomStream think_;
  RandomStream steps_;
  RandomStream prompts_;
  RandomStream outputs_;
  RandomStream backoffs_;
  CircuitBreaker store_breaker_;
  CircuitBreaker llm_breaker_;
  CallCounts counts_;
};

}  // namespace labtwin::service
