#include "models/calibration/operator_tables.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/serving/work_of_8b.hpp"

namespace labtwin::calibration {
namespace {

using serving::OperatorBatch;
using serving::OperatorCoefficients;
using serving::OperatorWork;
using serving::testing::work_of_8b;

OperatorCoefficients truth() {
  return {.bandwidth = BytesPerSecond::from_base(9e11),
          .matrix_rate = FlopsPerSecond::from_base(1.5e14),
          .knee = 4.0,
          .activation_passes = 5.0,
          .layer_overhead = Seconds::from_base(20e-6),
          .attention_rate = FlopsPerSecond::from_base(1e14),
          .attention_chain = Seconds::from_base(30e-9),
          .mixed_decode_rate = FlopsPerSecond::from_base(2e12),
          .decode_overhead = Seconds::from_base(1e-6),
          .skew = 0.07};
}

/// What the law says for the truth, on a grid like that of a profiler.
OperatorTables tables_of(const OperatorCoefficients& c, Seconds attention_overhead) {
  OperatorTables tables;
  for (double tokens = 1.0; tokens <= 2048.0; tokens *= std::sqrt(2.0)) {
    tables.layer.push_back({tokens, matrix_time(c, work_of_8b(), tokens) + c.layer_overhead});
  }
  for (double sequences = 1.0; sequences <= 256.0; sequences *= 2.0) {
    tables.head.push_back({sequences, head_time(c, work_of_8b(), sequences)});
  }
  for (const double chunk : {0.0, 64.0, 512.0, 2048.0}) {
    for (const double prefix : {0.0, 512.0, 4096.0}) {
      for (const double decodes : {0.0, 1.0, 16.0, 128.0}) {
        for (const double kv : {64.0, 512.0}) {
          const OperatorBatch batch{.num_tokens = chunk + decodes,
                                    .longest_chunk = chunk,
                                    .longest_prefix = prefix,
                                    .num_pairs = chunk * (prefix + 0.5 * chunk),
                                    .num_decodes = decodes,
                                    .kv_tokens = decodes * kv,
                                    .longest_kv = decodes > 0.0 ? kv : 0.0};
          tables.attention.push_back({batch, attention_time(c, work_of_8b(), batch) + attention_overhead});
        }
      }
    }
  }
  OperatorBatch even{.num_tokens = 32.0, .num_decodes = 32.0, .kv_tokens = 32.0 * 1000, .longest_kv = 1000};
  OperatorBatch skewed = even;
  skewed.longest_kv = 4000;
  tables.skew.push_back({skewed, attention_time(c, work_of_8b(), skewed), attention_time(c, work_of_8b(), even)});
  return tables;
}

TEST(OperatorFit, FindsTheCoefficientsBehindATable) {
  const OperatorCoefficients c = truth();
  const OperatorFit fit = fit_operators(tables_of(c, Seconds::from_base(8e-6)), work_of_8b(), "card");
  EXPECT_NEAR(fit.coefficients.bandwidth.value() / 9e11, 1.0, 0.01);
  EXPECT_NEAR(fit.coefficients.matrix_rate.value() / 1.5e14, 1.0, 0.01);
  EXPECT_NEAR(fit.coefficients.activation_passes / 5.0, 1.0, 0.05);
  EXPECT_NEAR(fit.coefficients.layer_overhead.value() / 28e-6, 1.0, 0.05);
  EXPECT_NEAR(fit.coefficients.attention_rate.value() / 1e14, 1.0, 0.02);
  EXPECT_NEAR(fit.coefficients.attention_chain.value() / 30e-9, 1.0, 0.02);
  EXPECT_NEAR(fit.coefficients.mixed_decode_rate.value() / 2e12, 1.0, 0.02);
  EXPECT_NEAR(fit.coefficients.decode_overhead.value() / 1e-6, 1.0, 0.05);
  EXPECT_NEAR(fit.coefficients.skew / 0.07, 1.0, 0.02);
  EXPECT_EQ(fit.summary.parameters.size(), 11U);
}

}  // namespace
}  // namespace labtwin::calibration
