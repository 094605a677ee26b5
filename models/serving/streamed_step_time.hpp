#pragma once

// Steps of a card that reads a part of its weights from the memory of the host, in every step anew.

#include <memory>
#include <utility>

#include "models/serving/model_weights.hpp"
#include "models/serving/step_time.hpp"

namespace labtwin::serving {

/// Of one card.
struct WeightStream {
  double share = 0.0;     ///< of the layers' weights that stays in the memory of the host
  Bytes dense;            ///< of it, what every step reads
  Bytes experts;          ///< ... and what it reads of as far as its tokens pick it
  double picked = 1.0;    ///< share of the routed experts that one token goes through
  BytesPerSecond rate;    ///< of the link
  bool is_alone = false;  ///< whether its copies meet nobody on the links

  [[nodiscard]] Bytes read(double tokens) const;
};

/// `offloaded` bytes of the layers of a card with 1 / `num_cards` of the weights.
[[nodiscard]] WeightStream stream_weights(const ModelShape& shape, const ModelWeights& weights, Bytes offloaded,
                                          double num_cards);

/// Law:    step x (1 - share) + max(step x share, what it reads / rate of the link): kernels read these weights over the link
///         as they go, so such layers are as fast as the slower of the two, and other layers do not hide it
/// Inputs: a batch; of routed experts the share 1 - (1 - picked)^n is read
/// Valid:  vLLM's `cpu_offload_gb`, whose weights lie in pinned memory that the card maps
/// Source: vllm-project/vllm docs/configuration/engine_args (cpu_offload_gb: "part of the model is loaded from CPU memory to
///         GPU memory on the fly in each model forward pass"); rate of the link see kind pcie_links
/// Error:  not measured; exact in the limit of a slow link
class StreamedStepTime final : public StepTimeModel {
 public:
  StreamedStepTime(std::unique_ptr<const StepTimeModel> in_memory, const WeightStream& stream)
      : in_memory_(std::move(in_memory)), stream_(stream) {}
  [[nodiscard]] Seconds step_time(const OperatorBatch& batch) const override;
  [[nodiscard]] StepTraffic traffic(const OperatorBatch& batch) const override;

 private:
  std::unique_ptr<const StepTimeModel> in_memory_;
  WeightStream stream_;
};

}  // namespace labtwin::serving
