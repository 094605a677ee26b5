#include "sim/process/arrivals.hpp"

#include <optional>

namespace labtwin {

Task<> at_arrivals(Engine& engine, std::unique_ptr<const workload::ArrivalProcess> arrivals,
                   std::function<void(std::uint64_t)> begin) {
  Seconds previous;
  for (std::uint64_t number = 0;; ++number) {
    const std::optional<Seconds> at = arrivals->next(number, previous);
    if (!at) co_return;
    co_await engine.hold_until(*at);
    previous = *at;
    begin(number);
  }
}

}  // namespace labtwin
