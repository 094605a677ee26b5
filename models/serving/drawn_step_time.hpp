#pragma once

// Steps of one card of which the law knows only what is usual.

#include <memory>
#include <utility>

#include "models/serving/step_time.hpp"

namespace labtwin::serving {

/// By what a card takes longer than the law says.
struct SpeedFactors {
  double decode = 1.0;
  double prompt = 1.0;  ///< of what prompts add to the decodes of their step
};

/// Law:    decodes of the step x factor + (step - decodes alone) x factor of prompts
/// Inputs: a batch; factors of this card
/// Valid:  where the law is
/// Source: the factors are drawn from the law's own spread, see calibration/server_speed.hpp
/// Error:  see `labtwin validate` of the law: the spread is that of rows that it was not fitted to
class DrawnStepTime final : public StepTimeModel {
 public:
  DrawnStepTime(std::unique_ptr<const StepTimeModel> law, const SpeedFactors& factors)
      : law_(std::move(law)), factors_(factors) {}
  [[nodiscard]] Seconds step_time(const OperatorBatch& batch) const override;
  [[nodiscard]] StepTraffic traffic(const OperatorBatch& batch) const override;

 private:
  std::unique_ptr<const StepTimeModel> law_;
  SpeedFactors factors_;
};

}  // namespace labtwin::serving
