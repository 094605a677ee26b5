// Several copies of a model behind a router.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "models/serving/vllm_scheduler.hpp"
#include "sim/service/chat.hpp"
#include "sim/service/llm_server.hpp"
#include "sim/service/trace_replay.hpp"
#include "sim/simulation/fork_pool.hpp"
#include "tests/unit/service/ask.hpp"
#include "tests/unit/serving/simple_steps.hpp"

namespace labtwin::service {
namespace {

using namespace labtwin::literals;
using serving::Routing;
using serving::testing::SimpleSteps;

constexpr StageId kTtft = 1;

std::unique_ptr<serving::InferenceEngine> engine_with_cache() {
  return std::make_unique<serving::VllmScheduler>(
      serving::VllmSchedulerSettings{.num_blocks = 4000, .block_tokens = 16, .max_sequences = 16, .max_batched_tokens = 8192});
}

/// Two copies, each on a card of its own.
struct Pair {
  explicit Pair(Routing policy) { first.deal(policy, std::array{&second}); }
  ~Pair() { engine.end_processes(); }

  Engine engine;
  GpuCard cards[2] = {GpuCard(engine, 0), GpuCard(engine, 1)};
  Recorder recorder{{.warm_up = {}, .keep_requests = true}};
  LlmServer first{engine, cards[0], engine_with_cache(), std::make_unique<SimpleSteps>(), {.longest_request = 100000}};
  LlmServer second{engine, cards[1], engine_with_cache(), std::make_unique<SimpleSteps>(), {.longest_request = 100000}};
  Chat chat{engine,
            RandomSource(1, 0),
            {.owner = 0, .workload = 0, .stages = {.ttft = kTtft, .itl = 2, .tpot = 3}, .traffic = {}, .timeout = 600_s},
            first,
            recorder};
};

/// Agents whose prompts grow by 250 tokens a step: an answer of 50, and what a tool said of it.
workload::Trace agents(std::uint32_t num_sessions, std::uint32_t num_steps) {
  workload::Trace trace;
  for (std::uint32_t session = 0; session < num_sessions; ++session) {
    for (std::uint32_t step = 0; step < num_steps; ++step) {
      workload::TraceRequest request{.at = Seconds::from_base(1.7 * session),
                                     .prompt_tokens = 2000.0 + 250.0 * step,
                                     .output_tokens = 50,
                                     .session = session + 1,
                                     .texts = {{.end = 2000 + 250 * step + 50, .text = session}},
                                     .gap = Seconds::from_base(0.5 + 0.37 * (session % 3))};
      if (step > 0) request.after = {static_cast<std::uint32_t>(trace.requests.size() - 1)};
      trace.requests.push_back(std::move(request));
    }
  }
  return trace;
}

struct Served {
  double hit_share = 0.0;
  double ttft = 0.0;
  double unevenness = 0.0;  ///< steps of the busier copy over those of the other
};

Served serve_here(Routing policy) {
  Pair pair(policy);
  const auto trace = std::make_shared<const workload::Trace>(agents(12, 10));
  TraceReplay replay(pair.engine, trace, 1.0, [&](std::uint64_t number, const workload::TraceRequest& request) {
    return pair.chat.ask_traced(number, request);
  });
  pair.engine.spawn("trace", replay.begin_at(std::make_unique<workload::TraceArrivals>(replay.starts(), 1.0)));
  pair.engine.run();
  EXPECT_EQ(pair.recorder.rows().size(), trace->requests.size());
  const PromptTokens& prompts = pair.recorder.prompts().at(0);
  const auto [less, more] = std::minmax(pair.cards[0].busy_time(), pair.cards[1].busy_time());
  return {.hit_share = static_cast<double>(prompts.prefix_hits) / static_cast<double>(prompts.total),
          .ttft = pair.recorder.stages().at({0, kTtft}).mean().value(),
          .unevenness = more / less};
}

/// In a process of its own, as every engine wants.
Served serve(Routing policy) {
  Served served;
  run_forked(
      1, 1,
      [&](std::size_t /*job*/) {
        const Served here = serve_here(policy);
        return fmt::format("{} {} {}", here.hit_share, here.ttft, here.unevenness);
      },
      [&](const std::string& line) { std::istringstream(line) >> served.hit_share >> served.ttft >> served.unevenness; });
  return served;
}

TEST(Copies, SessionAffinityFindsThePrefixesOfAgents) {
  const Served anywhere = serve(Routing::LeastLoaded);
  const Served at_home = serve(Routing::SessionAffinity);
  // Of every prompt but the first of a session all but 200 tokens are there, and what is left of a block.
  double total = 0.0;
  double shared = 0.0;
  for (int step = 0; step < 10; ++step) {
    total += 2000.0 + 250.0 * step;
    if (step > 0) shared += 16.0 * static_cast<int>((2000 + 250 * (step - 1) + 49) / 16);
  }
  EXPECT_NEAR(at_home.hit_share, shared / total, 1e-12);
  EXPECT_LT(anywhere.hit_share, at_home.hit_share - 0.05);
  EXPECT_LT(at_home.ttft, 0.8 * anywhere.ttft);
}

TEST(Copies, SessionAffinityLoadsCopiesUnevenly) {
  const double anywhere = serve(Routing::LeastLoaded).unevenness;
  const double at_home = serve(Routing::SessionAffinity).unevenness;
  EXPECT_GT(at_home, anywhere);
}

TEST(Copies, CacheAwarenessNeedsNoSessions) {
  EXPECT_NEAR(serve(Routing::CacheAware).hit_share, serve(Routing::SessionAffinity).hit_share, 1e-12);
}

TEST(Copies, RequestsGoToTheCopyThatIsThere) {
  Pair pair(Routing::LeastLoaded);
  pair.first.pause();
  testing::Answer answer;
  pair.engine.spawn("ask", testing::ask(pair.engine, pair.first, 0_s, {.prompt_tokens = 100, .output_tokens = 1}, answer));
  pair.engine.run();
  EXPECT_NEAR(answer.finished.value(), 0.1, 1e-9);
  EXPECT_EQ(answer.result.card, 1U);
}

}  // namespace
}  // namespace labtwin::service
