#include "sim/service/bus_passage.hpp"

namespace labtwin::service {

Task<Causes> BusPassage::rest() {
  Causes causes;
  if (copy_.done().is_completed()) co_return causes;
  const Seconds began = engine_->now();
  const std::vector<Bus::Culprit> culprits = copy_.culprits();
  co_await copy_.done();
  Seconds left = engine_->now() - began;
  for (const Bus::Culprit& culprit : culprits) {
    const Seconds part = (engine_->now() - began) * culprit.share;
    causes.push_back({DelayKind::Slowdown, culprit.owner, part});
    left -= part;
  }
  if (causes.empty()) causes.push_back({DelayKind::Slowdown, owner_, {}});
  causes.back().duration += left;
  co_return causes;
}

}  // namespace labtwin::service
