#include "models/serving/paged_step_time.hpp"

#include <gtest/gtest.h>

#include "tests/unit/serving/simple_steps.hpp"

namespace labtwin::serving {
namespace {

using namespace labtwin::literals;
using testing::SimpleSteps;

constexpr OperatorBatch kDecode{.num_tokens = 1.0, .num_sampled = 1.0, .num_decodes = 1.0};

double step(const WeightPlacement& placement, Bytes page_cache, const OperatorBatch& batch = kDecode) {
  MissingWeights missing = missing_weights(placement, page_cache);
  missing.rate = BytesPerSecond::from_base(2.0 * 1073741824.0);
  return PagedStepTime(std::make_unique<SimpleSteps>(), missing).step_time(batch).value();
}

TEST(PagedStepTime, OfDenseWeightsFallsOffACliff) {
  const WeightPlacement dense{.dense_on_card = 20_GiB, .dense_in_host = 20_GiB};
  EXPECT_NEAR(step(dense, 20_GiB), 0.010, 1e-12);
  // A gigabyte too little, and all twenty are read in every step.
  EXPECT_NEAR(step(dense, 19_GiB), 0.010 + 10.0, 1e-9);
  const OperatorBatch prompt{.num_tokens = 1000.0, .num_sampled = 1.0, .longest_chunk = 1000.0};
  EXPECT_NEAR(step(dense, 19_GiB, prompt), 1.0 + 2 * 10.0, 1e-9);
}

TEST(PagedStepTime, OfExpertsReadsTheShareThatIsNotThere) {
  const WeightPlacement mixture{.dense_in_host = 4_GiB, .experts_in_host = 64_GiB, .picked = 1.0 / 16.0};
  // 36 GiB hold the dense weights and half of the experts, of which a token picks a sixteenth.
  EXPECT_NEAR(step(mixture, 36_GiB), 0.010 + 32.0 / 16.0 / 2.0, 1e-9);
  double before = 1e9;
  for (const double gib : {2.0, 4.0, 20.0, 40.0, 68.0}) {
    const double now = step(mixture, Bytes::from_base(gib * 1073741824.0));
    EXPECT_LT(now, before) << gib;
    before = now;
  }
  EXPECT_NEAR(before, 0.010, 1e-12);
}

}  // namespace
}  // namespace labtwin::serving
