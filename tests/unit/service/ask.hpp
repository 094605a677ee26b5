#pragma once

#include "sim/service/llm_server.hpp"

namespace labtwin::service::testing {

struct Answer {
  Seconds finished;
  GenerationResult result;
};

/// Asks at a time and keeps what came.
inline Task<> ask(Engine& engine, LlmServer& server, Seconds at, GenerationRequest request, Answer& answer) {
  co_await engine.hold_until(at);
  answer.result = co_await server.generate(request);
  answer.finished = engine.now();
}

}  // namespace labtwin::service::testing
