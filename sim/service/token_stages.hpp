#pragma once

#include "sim/process/recorder.hpp"
#include "sim/service/llm_server.hpp"

namespace labtwin::service {

/// The names of what a client sees of an answer, as vLLM's benchmark defines them: ttft is from asking to the first token, itl
/// each time between two tokens of an answer, tpot their average over the answer, of answers with two tokens or more.
struct TokenStages {
  StageId ttft = 0;
  StageId itl = 0;
  StageId tpot = 0;
};

/// What one call did to the latencies of its workload; `asked` is when the client asked.
inline void record_tokens(Recorder& recorder, const TokenStages& stages, const RequestEnd& call, const GenerationResult& result,
                          OwnerId owner) {
  const auto record = [&](StageId stage, Seconds duration, std::uint64_t count = 1) {
    RequestEnd end = call;
    end.ended = end.arrived + duration;
    Timeline timeline;
    timeline.append(
        {.resource = result.card, .kind = DelayKind::Service, .culprit = owner, .duration = end.ended - end.arrived});
    recorder.end_stage(stage, end, timeline, count);
  };
  recorder.count_prompt(call.workload, result.prompt);
  record(stages.ttft, result.time_to_first_token);
  for (const TokenGaps::Alike& gaps : result.gaps.all()) record(stages.itl, gaps.mean(), gaps.count);
  if (result.num_tokens < 2) return;
  const Seconds after_first = call.ended - call.arrived - result.time_to_first_token;
  record(stages.tpot, after_first / static_cast<double>(result.num_tokens - 1));
}

}  // namespace labtwin::service
