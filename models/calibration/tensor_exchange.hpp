#pragma once

// What cards that share every matrix exchange in a step.

#include "models/calibration/collectives.hpp"
#include "models/calibration/pcie_links.hpp"
#include "models/interconnect/card_group.hpp"
#include "models/serving/exchange_step_time.hpp"
#include "models/serving/model_shape.hpp"

namespace labtwin::calibration {

/// All-reduces of kind collectives; through the host's memory no faster than copies take that way.
class AllReduces {
 public:
  [[nodiscard]] MessageTime terms(const interconnect::CardGroup& group);

 private:
  AllReduceTimes times_;
  CopyRates copies_;
};

/// Law:    all-reduces of kind collectives, two a layer; through the host's memory no faster than copies take that way
/// Inputs: the cards' link and way to each other; layers and hidden size of the model, activations of two bytes
/// Valid:  tensor parallelism
/// Source: models/calibration/priors/collectives.toml, pcie_links.toml
/// Error:  see `labtwin validate` of the kinds collectives and tp_scaling
[[nodiscard]] serving::ExchangeCoefficients tensor_exchange(const interconnect::CardGroup& group,
                                                            const serving::ModelShape& shape);

/// Law:    an all-reduce of the tokens of all copies behind the experts of every layer
/// Inputs: a group with `expert_copies`
/// Valid:  expert parallelism over copies that are busy alike
/// Source: as above; vllm-project/vllm all2all backend `allgather_reducescatter`, whose two halves are an all-reduce
/// Error:  see `labtwin validate` of kind serving_run
[[nodiscard]] serving::ExchangeCoefficients expert_exchange(const interconnect::CardGroup& group,
                                                            const serving::ModelShape& shape);

/// Law:    from each stage to the next one message, of what two cards take to add one up
/// Inputs: a group with `num_stages`
/// Valid:  pipeline parallelism
/// Source: as above
/// Error:  not measured alone; a few messages among hundreds of launches
[[nodiscard]] serving::ExchangeCoefficients stage_exchange(const interconnect::CardGroup& group,
                                                           const serving::ModelShape& shape);

}  // namespace labtwin::calibration
