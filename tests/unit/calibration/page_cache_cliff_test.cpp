#include "models/calibration/page_cache_cliff.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "models/base/csv.hpp"
#include "models/calibration/measurement_set.hpp"
#include "models/catalog/data_folder.hpp"

namespace labtwin::calibration {
namespace {

Evaluation evaluate(const std::string& rows) {
  const std::string text = "system,storage,memory_mib,resident_mib,mapped_mib,qps,split\n" + rows;
  return evaluate_page_cache(MeasurementTable::from_csv(CsvTable::from_text("searches.csv", text)), {});
}

double predicted(const Evaluation& evaluation, std::size_t index) {
  return evaluation.predictions.at(index).estimate->value;
}

TEST(PageCacheCliff, EveryMeasuredRowIsOnItsSide) {
  const auto set = read_measurement_set(catalog::find_data_folder().calibration / "data" / "qdrant-glove-100" / "page_cache");
  double warm = 0.0;
  for (std::size_t row = 0; row < set.table.num_rows(); ++row) warm = std::max(warm, *set.table.number(row, "qps"));
  const Evaluation evaluation = set.kind->evaluate(set.table, {});
  ASSERT_GE(evaluation.predictions.size(), 9U);
  for (const Prediction& p : evaluation.predictions) {
    ASSERT_TRUE(p.estimate && p.measured);
    EXPECT_EQ(p.estimate->value > 0.5 * warm, *p.measured > 0.5 * warm) << "row " << p.row;
  }
}

TEST(PageCacheCliff, TimeGrowsByTheShareOfReadsThatMiss) {
  // 1 ms with everything in memory; nothing in memory adds what the fitted row tells.
  const Evaluation evaluation = evaluate(
      "s,disk,1000,100,500,1000,fit\ns,disk,100,100,500,10,fit\n"
      "s,disk,100,100,500,,held_out\ns,disk,300,100,500,,held_out\ns,disk,600,100,500,,held_out\n");
  EXPECT_NEAR(predicted(evaluation, 0), 10.0, 1e-6);
  EXPECT_GT(predicted(evaluation, 1), 10.0);
  EXPECT_LT(predicted(evaluation, 1), 100.0);
  EXPECT_NEAR(predicted(evaluation, 2), 1000.0, 1e-6);
}

TEST(PageCacheCliff, AStorageThatWasNotFittedIsPredictedWithinWideBounds) {
  const Evaluation evaluation = evaluate("s,disk,1000,100,500,1000,fit\ns,disk,300,100,500,,held_out\n");
  const Prediction& p = evaluation.predictions.at(0);
  EXPECT_EQ(p.grade, Grade::Assumed);
  EXPECT_GT(p.estimate->high / p.estimate->low, 5.0);
}

TEST(PageCacheCliff, AProcessThatDoesNotFitDoesNotRun) {
  const Evaluation evaluation = evaluate("s,disk,90,100,500,,held_out\n");
  EXPECT_FALSE(evaluation.predictions.at(0).estimate.has_value());
  EXPECT_NE(evaluation.predictions.at(0).note.find("does not start"), std::string::npos);
}

}  // namespace
}  // namespace labtwin::calibration
