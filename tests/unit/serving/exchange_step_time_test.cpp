#include "models/serving/exchange_step_time.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "models/calibration/collectives.hpp"
#include "models/serving/tensor_parallel.hpp"

namespace labtwin::serving {
namespace {

class OneMillisecond final : public StepTimeModel {
 public:
  [[nodiscard]] Seconds step_time(const OperatorBatch& /*batch*/) const override { return Seconds::from_base(1e-3); }
};

TEST(ExchangeStepTime, AddsLatencyAndBytesOfEveryCall) {
  const ExchangeStepTime steps(std::make_unique<OneMillisecond>(),
                               {.calls = 10.0,
                                .token = 16_KiB,
                                .call = {.latency = 1e-5, .per_root = 1e-7, .handshake = 5e-6, .per_byte = 1e-9},
                                .sent = 1.5});
  const OperatorBatch batch{.num_tokens = 4.0};
  // Messages of 64 KiB, whose root is 256; a quarter of the size at which half of the handshake is waited: a seventeenth.
  EXPECT_NEAR(steps.step_time(batch).value(), 1e-3 + 10.0 * (1e-5 + 256e-7 + 5e-6 / 17.0 + 65536e-9), 1e-15);
  EXPECT_NEAR(steps.traffic(batch).on_links.value(), 10.0 * 65536e-9, 1e-15);
  EXPECT_NEAR(steps.traffic(batch).bytes.value(), 1.5 * 10.0 * 65536.0, 1e-9);
}

TEST(AllReduceTimes, MoreLanesAndNewerGenerationsAreNeverSlower) {
  calibration::AllReduceTimes law;
  for (const char* path : {"pcie direct", "pcie staged"}) {
    for (int generation = 3; generation <= 5; ++generation) {
      double before = 1e9;
      for (const int lanes : {1, 2, 4, 8, 16}) {
        const auto terms = law.terms(2.0, {interconnect::LinkFamily::Pcie, generation, lanes}, path);
        EXPECT_LT(terms.per_byte, before) << path << generation << lanes;
        before = terms.per_byte;
      }
      if (generation == 3) continue;
      const auto older = law.terms(2.0, {interconnect::LinkFamily::Pcie, generation - 1, 16}, path);
      EXPECT_LT(before, older.per_byte) << path << generation;
    }
  }
}

TEST(AllReduceTimes, TermsAreThoseOfTheLaw) {
  calibration::AllReduceTimes law;
  const interconnect::CardLink link{interconnect::LinkFamily::Pcie, 4, 8};
  const auto terms = law.terms(4.0, link, "pcie direct");
  for (const double bytes : {1e3, 1e5, 1e7}) {
    EXPECT_NEAR(terms.seconds(bytes) / law.seconds(4.0, Bytes::from_base(bytes), link, "pcie direct").value, 1.0, 1e-3)
        << bytes;
  }
}

TEST(TensorParallel, HeadsMustDivide) {
  ModelShape shape;
  shape.heads = 32;
  shape.kv_heads = 8;
  EXPECT_FALSE(can_share_heads(shape, 3));
  EXPECT_EQ(tensor_parallel_sizes(shape), (std::vector<int>{1, 2, 4, 8, 16}));
  // 24 heads over 4 KV heads: six cards would split a KV head between one and a half.
  shape.heads = 24;
  shape.kv_heads = 4;
  EXPECT_EQ(tensor_parallel_sizes(shape), (std::vector<int>{1, 2, 4, 8, 12}));
}

}  // namespace
}  // namespace labtwin::serving
