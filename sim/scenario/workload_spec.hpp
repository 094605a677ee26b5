#pragma once

// The workloads of a scenario: who asks what, and how often.

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "models/base/distribution.hpp"
#include "models/base/units.hpp"
#include "models/workload/servegen.hpp"
#include "models/workload/trace.hpp"
#include "sim/scenario/provenance.hpp"

namespace labtwin {

/// A fixed number of users; each thinks, asks, and thinks again when the answer has come.
struct ClosedLoopSpec {
  std::uint32_t num_users = 1;
};
/// Independent arrivals at a mean rate.
struct PoissonSpec {
  PerSecond rate;
};
/// Requests of a recorded trace. Its sessions begin when the trace says, `speed` times as fast, unless one of the others is
/// set.
struct TraceSpec {
  std::shared_ptr<const workload::Trace> trace = std::make_shared<workload::Trace>();
  double speed = 1.0;                      ///< of gaps too
  std::optional<std::uint32_t> num_users;  ///< who have one session after the other
  std::optional<PerSecond> rate;           ///< of sessions that begin independently
};
/// Requests drawn as ServeGen publishes its clients, at a share of their load.
struct ServegenSpec {
  std::shared_ptr<const workload::ServegenClients> clients = std::make_shared<workload::ServegenClients>();
  double scale = 1.0;
};
using ArrivalSpec = std::variant<ClosedLoopSpec, PoissonSpec, TraceSpec, ServegenSpec>;

/// Whether the arrivals bring the lengths of their requests with them.
[[nodiscard]] inline bool brings_lengths(const ArrivalSpec& arrivals) {
  return std::holds_alternative<TraceSpec>(arrivals) || std::holds_alternative<ServegenSpec>(arrivals);
}

/// What users of agents do, whoever serves them; read from a profile file (scenarios/workloads/), each key may be overridden.
struct AgentTraffic {
  DistributionOf<Seconds> think;              ///< from an answer to the next question of the same user
  DistributionOf<double> steps;               ///< retrieve-and-ask rounds per question, the answer included; >= 1
  DistributionOf<double> prompt_tokens;       ///< of one call
  DistributionOf<double> step_output_tokens;  ///< of a call that decides what to look up next
  DistributionOf<double> answer_tokens;       ///< of the last call
  std::uint32_t system_tokens = 0;            ///< that every prompt begins with
  bool grows = false;                         ///< each call's prompt goes on from the call before
};

/// Bytes of calls to other nodes. Assumed: a vector of 384 numbers as JSON text, ten passages of 1.6 KB, 4.5 letters a token.
struct CallSizesSpec {
  Bytes search = Bytes::from_base(4096.0);
  Bytes hits = Bytes::from_base(16384.0);
  Bytes message = Bytes::from_base(600.0);  ///< headers and framing of a call of the language model
  Bytes per_token = Bytes::from_base(4.5);
};

/// Connections of a client to each service on another node.
struct ConnectionsSpec {
  std::uint32_t max = 64;
  bool is_kept = true;
  Seconds idle_timeout = Seconds::from_base(90.0);
};

/// When a client stops calling a service that fails.
struct BreakerSpec {
  std::uint32_t num_failures = 5;  ///< in a row
  Seconds open_for;
};

/// An agentic workflow: per question `steps` times retrieve, then ask the language model; the last call is the answer.
///   type = "agents"; profile = "campus_rag"; vector_store = ...; llm = ...
///   embedder = ..., query_tokens = 40        # what makes a vector of a question before the store is searched
///   arrivals = { process = "closed_loop", users = 4 } or { process = "poisson", rate = "30 /h" }
///           or { process = "trace", file = "trace.jsonl", speed = 2 }, with `users = 4` or `rate = "30 /h"` of its sessions
///           or { process = "servegen", windows = "windows.csv", lengths = "lengths.csv", model = "m-small", scale = 0.01 }
///   retrieve_timeout, llm_timeout, max_attempts, backoff, backoff_jitter = 0.5
///   hedge_after = "500 ms"                   # a retrieval that takes longer is sent a second time
///   breaker = { failures = 5, open_for = "30 s" }
///   system_tokens = 1500, grows = true       # what an engine that keeps prompts need not compute again
///   node = "edge"                            # where they run; calls to services on other nodes cross the network
///   search_bytes = "4 KiB", hits_bytes = "16 KiB", token_bytes = "4.5 B"
///   connections = { max = 64, keep_alive = true, idle_timeout = "90 s" }
struct AgentsSpec {
  std::string vector_store;
  std::string llm;
  std::string embedder{};           ///< empty: vectors of questions are there
  std::uint32_t query_tokens = 40;  ///< of a question
  std::string node{};               ///< where they run; empty: beside every service
  CallSizesSpec sizes{};
  ConnectionsSpec connections{};
  std::string profile;
  Provenance provenance;                ///< of the profile
  std::set<std::string> own_numbers{};  ///< keys of `traffic` that the scenario sets itself: not the profile's
  ArrivalSpec arrivals;
  AgentTraffic traffic;
  Seconds retrieve_timeout;
  Seconds llm_timeout;
  std::uint32_t max_attempts = 2;  ///< per call, the first included
  Seconds backoff;                 ///< before the second attempt; doubles from then on
  double backoff_jitter = 0.0;     ///< share of the back-off that is drawn
  std::optional<Seconds> hedge_after{};
  std::optional<BreakerSpec> breaker{};
};

/// People who talk with a language model: every turn's prompt is all that was said before and a new message.
///   type = "chat"; llm = ...; arrivals = as of agents: users, or conversations per second, or the requests of a trace
///   turns, think, message_tokens, answer_tokens; system_tokens = 500; timeout = "60 s"; grade, source
struct ChatSpec {
  std::string llm;
  ArrivalSpec arrivals;
  DistributionOf<double> turns;  ///< of a conversation; >= 1
  DistributionOf<Seconds> think;
  DistributionOf<double> message_tokens;
  DistributionOf<double> answer_tokens;
  std::uint32_t system_tokens = 0;  ///< that every conversation begins with
  Seconds timeout;
  Provenance provenance{};
};

/// Sensors that stream datagrams to a detector; what is followed are anomalies, from when they happen until they are detected.
///   type = "sensors"; node; detector = "detector"
///   rate = "20000 /s"; payload = "1400 B"; mtu = "1500 B"
///   anomalies = "0.5 /s"; datagrams_per_anomaly = 1
struct SensorsSpec {
  std::string node;
  std::string detector;
  PerSecond rate;
  Bytes payload;
  Bytes mtu = Bytes::from_base(1500.0);
  PerSecond anomalies;
  std::uint32_t datagrams_per_anomaly = 1;  ///< that show it, one after the other
};

using WorkloadKind = std::variant<AgentsSpec, ChatSpec, SensorsSpec>;

struct WorkloadSpec {
  std::string name;
  WorkloadKind kind;
};

}  // namespace labtwin
