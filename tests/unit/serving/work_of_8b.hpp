#pragma once

#include "models/serving/operator_law.hpp"

namespace labtwin::serving::testing {

/// What a step of a dense model of 8 billion parameters with 32 layers and 8 KV heads has to do, in 16 bits.
inline OperatorWork work_of_8b() {
  OperatorWork work;
  work.num_layers = 32;
  work.layer_weights = Bytes::from_base(436e6);
  work.token = Flops::from_base(436e6);
  work.token_activations = Bytes::from_base(140e3);
  work.token_kv = Bytes::from_base(4096);
  work.pair = Flops::from_base(16384);
  work.head_weights = Bytes::from_base(1.05e9);
  work.head = Flops::from_base(1.05e9);
  work.logits = Bytes::from_base(513e3);
  return work;
}

}  // namespace labtwin::serving::testing
