#include "models/serving/mixed_step_time.hpp"

#include <algorithm>

namespace labtwin::serving {

const StepTimeModel& MixedStepTime::slowest(const OperatorBatch& batch) const {
  const auto faster = [&](const CardShare& a, const CardShare& b) {
    return a.steps->step_time(batch) < b.steps->step_time(batch);
  };
  return *std::max_element(cards_.begin(), cards_.end(), faster)->steps;
}

Seconds MixedStepTime::step_time(const OperatorBatch& batch) const {
  if (work_ == CardWork::AtOnce) return slowest(batch).step_time(batch);
  Seconds sum;
  for (const CardShare& card : cards_) sum += card.steps->step_time(batch) * card.share;
  return sum;
}

StepTraffic MixedStepTime::traffic(const OperatorBatch& batch) const {
  return slowest(batch).traffic(batch);
}

}  // namespace labtwin::serving
