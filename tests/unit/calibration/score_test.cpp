#include "models/calibration/score.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace labtwin::calibration {
namespace {

Prediction prediction(std::optional<double> measured, std::optional<Estimate> estimate) {
  return {.row = 1,
          .quantity = "iops",
          .group = {},
          .measured = measured,
          .estimate = estimate,
          .grade = Grade::Fitted,
          .note = {}};
}

std::optional<Score> score_of(const std::vector<Prediction>& predictions) {
  std::vector<const Prediction*> pointers;
  for (const Prediction& p : predictions) pointers.push_back(&p);
  return score(pointers);
}

TEST(Score, CountsARowThatIsNotPredictedAsHundredPercentWrong) {
  const auto s = score_of({prediction(100.0, Estimate{110.0, 90.0, 120.0}), prediction(100.0, std::nullopt),
                           prediction(100.0, Estimate{80.0, 70.0, 90.0}), prediction(std::nullopt, Estimate{1.0, 1.0, 1.0})});
  ASSERT_TRUE(s.has_value());
  EXPECT_EQ(s->num_rows, 3U);
  EXPECT_EQ(s->num_missing, 1U);
  EXPECT_NEAR(s->median_ape_pct, 20.0, 1e-9);
  EXPECT_NEAR(s->p90_ape_pct, 100.0, 1e-9);
  EXPECT_NEAR(s->bias_pct, -5.0, 1e-9);
  EXPECT_NEAR(s->coverage_pct, 50.0, 1e-9);
}

TEST(Score, IsNothingWithoutMeasuredValues) {
  EXPECT_FALSE(score_of({prediction(std::nullopt, Estimate{1.0, 1.0, 1.0})}).has_value());
}

TEST(Score, CountsSharesInPointsAlsoWhereNothingWasLost) {
  Prediction none = prediction(0.0, Estimate{0.02, 0.0, 0.05});
  Prediction some = prediction(0.10, Estimate{0.06, 0.05, 0.09});
  none.quantity = some.quantity = "loss_frac";
  const auto s = score_of({none, some});
  ASSERT_TRUE(s.has_value());
  EXPECT_EQ(s->num_rows, 2U);
  EXPECT_NEAR(s->median_ape_pct, 3.0, 1e-9);
  EXPECT_NEAR(s->p90_ape_pct, 4.0, 1e-9);
  EXPECT_NEAR(s->bias_pct, -1.0, 1e-9);
  EXPECT_NEAR(s->coverage_pct, 50.0, 1e-9);
}

TEST(Score, CountsVerdictsAndThoseThatAreSure) {
  std::vector<Prediction> all = {prediction(1.0, Estimate{1.0, 1.0, 1.0}), prediction(0.0, Estimate{1.0, 1.0, 1.0}),
                                 prediction(0.0, Estimate{1.0, 0.0, 1.0}), prediction(0.0, Estimate{0.0, 0.0, 0.0})};
  std::vector<const Prediction*> pointers;
  for (const Prediction& p : all) pointers.push_back(&p);
  EXPECT_FALSE(count_verdicts("iops", pointers).has_value());
  const auto verdicts = count_verdicts("outcome", pointers);
  ASSERT_TRUE(verdicts.has_value());
  EXPECT_EQ(verdicts->num_rows, 4U);
  EXPECT_EQ(verdicts->num_right, 2U);
  EXPECT_EQ(verdicts->num_sure, 3U);
  EXPECT_EQ(verdicts->num_sure_right, 2U);
}

TEST(Score, SetsALawBesideTheLineOverTheRowsThatBothPredict) {
  Prediction both = prediction(100.0, Estimate{101.0, 90.0, 120.0});
  both.interpolated = 110.0;
  const Prediction law_only = prediction(100.0, Estimate{300.0, 90.0, 120.0});
  const std::vector<const Prediction*> pointers = {&both, &law_only};
  const auto comparison = compare_with_line(pointers);
  ASSERT_TRUE(comparison.has_value());
  EXPECT_EQ(comparison->num_rows, 1U);
  EXPECT_NEAR(comparison->law_median_ape_pct, 1.0, 1e-9);
  EXPECT_NEAR(comparison->line_p90_ape_pct, 10.0, 1e-9);
  EXPECT_FALSE(compare_with_line(std::vector<const Prediction*>{&law_only}).has_value());
}

}  // namespace
}  // namespace labtwin::calibration
