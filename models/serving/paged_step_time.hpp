#pragma once

// Steps of a model whose file is mapped and larger than the memory that may hold it: what is missing is read from a drive.

#include <memory>
#include <utility>

#include "models/serving/offload_step_time.hpp"
#include "models/serving/step_time.hpp"

namespace labtwin::serving {

/// Of weights in the host, what is not there when it is read.
struct MissingWeights {
  Bytes dense;          ///< of every pass
  Bytes experts;        ///< of a pass that picks all of them
  double picked = 1.0;  ///< share of the routed experts that one token goes through
  BytesPerSecond rate;  ///< at which the drive brings them
  double ubatch = 512.0;

  [[nodiscard]] Bytes read(double tokens) const;
};

/// Law:    what every pass reads stays in a cache that holds all of it, and none of it stays in a smaller one: each page is
///         pushed out before the next pass comes to it. Of routed experts, which tokens pick at random, the share stays that
///         the rest of the cache holds
/// Inputs: weights by where they lie; memory that the page cache may have
/// Valid:  llama.cpp with `mmap`; the kernel's reclaim, which keeps what is read again soonest and goes by age otherwise
/// Source: least recently used of a loop is never used again in time; models/storage/page_cache.hpp for the experts
/// Error:  one report, 212 GB of DeepSeek-R1 on a host of 96 GB: 3.2 tokens a second by a drive of 12 to 14 GB/s, as this says
[[nodiscard]] MissingWeights missing_weights(const WeightPlacement& placement, Bytes page_cache);

/// Law:    step + what is missing of what its passes touch / rate of the drive
/// Inputs: a batch
/// Valid:  a drive that nobody else keeps busy
/// Source: a page fault waits; threads that fault at once keep the drive's queue full
/// Error:  as above
class PagedStepTime final : public StepTimeModel {
 public:
  PagedStepTime(std::unique_ptr<const StepTimeModel> in_memory, const MissingWeights& missing)
      : in_memory_(std::move(in_memory)), missing_(missing) {}
  [[nodiscard]] Seconds step_time(const OperatorBatch& batch) const override;
  [[nodiscard]] StepTraffic traffic(const OperatorBatch& batch) const override { return in_memory_->traffic(batch); }

 private:
  std::unique_ptr<const StepTimeModel> in_memory_;
  MissingWeights missing_;
};

}  // namespace labtwin::serving
