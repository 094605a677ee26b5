#include "models/storage/tail_shape.hpp"

#include <gtest/gtest.h>

namespace labtwin::storage {
namespace {

// Mean of the quantile function by the midpoint rule, on a grid that is refined towards u = 1.
double mean(const TailShape& shape) {
  double sum = 0.0;
  double survival = 1.0;
  while (survival > 1e-13) {
    const double next = survival * 0.999;
    sum += (survival - next) * tail_quantile(shape, 1.0 - 0.5 * (survival + next));
    survival = next;
  }
  return sum;
}

TEST(TailQuantile, HasMeanOneAndPassesThroughTheRatios) {
  const TailShape shape{.p50_ratio = 0.95, .p95_ratio = 1.25, .p99_ratio = 1.4, .p999_ratio = 2.5};
  EXPECT_NEAR(mean(shape), 1.0, 1e-4);
  EXPECT_NEAR(tail_quantile(shape, 0.5), 0.95, 1e-12);
  EXPECT_NEAR(tail_quantile(shape, 0.95), 1.25, 1e-12);
  EXPECT_NEAR(tail_quantile(shape, 0.99), 1.4, 1e-12);
  EXPECT_NEAR(tail_quantile(shape, 0.999), 2.5, 1e-12);
}

TEST(TailQuantile, IsScaledToMeanOneWhereTheRatiosAllowNone) {
  const TailShape heavy{.p50_ratio = 0.9, .p95_ratio = 4.0, .p99_ratio = 20.0, .p999_ratio = 100.0};
  const TailShape light{.p50_ratio = 0.5, .p95_ratio = 0.6, .p99_ratio = 0.7, .p999_ratio = 0.8};
  EXPECT_NEAR(mean(heavy), 1.0, 1e-4);
  EXPECT_NEAR(mean(light), 1.0, 1e-4);
}

TEST(TailQuantile, NeverDecreases) {
  const TailShape shape{.p50_ratio = 0.6, .p95_ratio = 3.0, .p99_ratio = 6.0, .p999_ratio = 9.0};
  double last = 0.0;
  for (int i = 1; i < 100000; ++i) {
    const double value = tail_quantile(shape, i / 100000.0);
    EXPECT_GE(value, last);
    last = value;
  }
}

TEST(TailCurve, InterpolatesBetweenKnotsAndIsConstantOutside) {
  const TailCurve curve(
      {{.utilization = 0.8, .shape = {.p50_ratio = 0.8, .p95_ratio = 2.0, .p99_ratio = 3.0, .p999_ratio = 5.0}},
       {.utilization = 0.2, .shape = {.p50_ratio = 1.0, .p95_ratio = 1.0, .p99_ratio = 1.0, .p999_ratio = 1.0}}});
  EXPECT_DOUBLE_EQ(curve.at(0.0).p95_ratio, 1.0);
  EXPECT_DOUBLE_EQ(curve.at(0.5).p95_ratio, 1.5);
  EXPECT_DOUBLE_EQ(curve.at(0.5).p50_ratio, 0.9);
  EXPECT_DOUBLE_EQ(curve.at(1.0).p999_ratio, 5.0);
}

}  // namespace
}  // namespace labtwin::storage
