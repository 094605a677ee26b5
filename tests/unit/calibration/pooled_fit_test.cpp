#include "models/calibration/pooled_fit.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace labtwin::calibration {
namespace {

// Two terms; effect 0 scales the first, 1 the second, 2 both on half of the rows.
PooledRow row_of(double first, double second, bool scaled, double log_measured) {
  PooledRow row{.terms = {{first, {{0, 1.0}}}, {second, {{1, 1.0}}}}, .log_measured = log_measured, .weight = 1.0};
  if (scaled) {
    for (PooledTerm& term : row.terms) term.uses.push_back({2, 1.0});
  }
  return row;
}

TEST(PooledFit, RecoversPlantedFactorsDespiteOutliers) {
  std::vector<PooledRow> rows;
  for (int i = 1; i <= 60; ++i) {
    const double second = 0.1 * i;
    const bool scaled = i % 2 == 0;
    const double outlier = i % 15 == 0 ? 1.0 : 0.0;
    rows.push_back(row_of(1.0, second, scaled, std::log(1.5 * 1.0 + 0.8 * second) + (scaled ? 0.2 : 0.0) + outlier));
  }
  std::vector<PooledEffect> effects(3, {.mean = 0.0, .prior_sigma = 1.0, .value = 0.0, .sigma = 1.0});
  fit_pooled(rows, 0.02, effects);
  EXPECT_NEAR(effects[0].value, std::log(1.5), 0.02);
  EXPECT_NEAR(effects[1].value, std::log(0.8), 0.02);
  EXPECT_NEAR(effects[2].value, 0.2, 0.02);
}

TEST(PooledFit, LeavesAnEffectWithoutRowsAtItsPrior) {
  const std::vector<PooledRow> rows = {row_of(1.0, 1.0, false, std::log(2.0))};
  std::vector<PooledEffect> effects(4, {.mean = 0.0, .prior_sigma = 0.3, .value = 0.0, .sigma = 0.3});
  effects[3].mean = 0.5;
  fit_pooled(rows, 0.02, effects);
  EXPECT_NEAR(effects[3].value, 0.5, 1e-9);
  EXPECT_NEAR(effects[3].sigma, 0.3, 1e-9);
}

TEST(PooledFit, GradientIsTheShareOfATerm) {
  const std::vector<PooledEffect> effects(3);
  const PooledPrediction prediction = predict_pooled(row_of(1.0, 3.0, true, 0.0), effects);
  ASSERT_EQ(prediction.gradient.size(), 3U);
  EXPECT_NEAR(prediction.log_value, std::log(4.0), 1e-12);
  EXPECT_NEAR(prediction.gradient[0].weight, 0.25, 1e-12);
  EXPECT_NEAR(prediction.gradient[1].weight, 0.75, 1e-12);
  EXPECT_NEAR(prediction.gradient[2].weight, 1.0, 1e-12);
}

TEST(PooledFit, WhatRunsBesideCountsWhereItTakesLonger) {
  const std::vector<PooledEffect> effects(3);
  PooledRow row = row_of(1.0, 3.0, false, 0.0);
  for (const double beside : {0.4, 4.0, 40.0}) {
    row.terms.resize(2);
    row.terms.push_back({.base = beside, .uses = {{2, 1.0}}, .is_beside = true});
    const PooledPrediction prediction = predict_pooled(row, effects);
    EXPECT_NEAR(std::exp(prediction.log_value), std::pow(256.0 + std::pow(beside, 4.0), 0.25), 1e-9);
    // What the gradient says is what a small change does.
    for (std::size_t i = 0; i < 3; ++i) {
      std::vector<PooledEffect> moved = effects;
      moved[i].value += 1e-6;
      EXPECT_NEAR((predict_pooled(row, moved).log_value - prediction.log_value) / 1e-6, prediction.gradient[i].weight, 1e-5);
    }
  }
}

}  // namespace
}  // namespace labtwin::calibration
