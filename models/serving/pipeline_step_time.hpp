#pragma once

// Steps of cards that hold layers one after the other and work on several batches at once.

#include <memory>

#include "models/serving/step_time.hpp"

namespace labtwin::serving {

/// Law:    the sequences of a step are dealt to at most as many batches as there are stages, which follow each other through
///         the stages: all are through after what one such batch takes through all layers. A prompt stays whole
/// Inputs: steps through all layers, with what is handed from stage to stage; number of stages
/// Valid:  vLLM's pipeline parallelism with stages alike; filling and draining of the pipeline are left out
/// Source: vllm-project/vllm vllm/v1/engine/core.py step_with_batch_queue
/// Error:  see `labtwin validate` of kind tp_scaling, where rows have pp stages
class PipelineStepTime final : public StepTimeModel {
 public:
  PipelineStepTime(std::unique_ptr<const StepTimeModel> through_all, double num_stages)
      : through_all_(std::move(through_all)), num_stages_(num_stages) {}
  [[nodiscard]] Seconds step_time(const OperatorBatch& batch) const override;
  [[nodiscard]] StepTraffic traffic(const OperatorBatch& batch) const override;

 private:
  std::unique_ptr<const StepTimeModel> through_all_;
  double num_stages_;
};

}  // namespace labtwin::serving
