#include "sim/process/repetition.hpp"

#include <algorithm>

namespace labtwin {

Task<> repeat(Engine& engine, workload::JobSchedule schedule, std::function<Task<>()> pass) {
  Seconds next = schedule.start;
  while (true) {
    co_await engine.hold_until(std::max(next, engine.now()));
    co_await pass();
    if (!schedule.every) co_return;
    while (next <= engine.now()) next += *schedule.every;
  }
}

}  // namespace labtwin
