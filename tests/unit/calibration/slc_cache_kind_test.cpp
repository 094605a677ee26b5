#include "models/calibration/slc_cache.hpp"

#include <gtest/gtest.h>

#include "models/base/csv.hpp"

namespace labtwin::calibration {
namespace {

Evaluation evaluate(const std::string& rows) {
  const std::string text = "drive,capacity_gb,type,phase1_mb_s,phase1_until_gb,phase2_mb_s,split\n" + rows;
  return evaluate_slc_cache(MeasurementTable::from_csv(CsvTable::from_text("caches.csv", text)), {});
}

const Prediction& of(const Evaluation& evaluation, std::string_view quantity) {
  for (const Prediction& p : evaluation.predictions) {
    if (p.quantity == quantity) return p;
  }
  throw std::out_of_range("no such prediction");
}

TEST(SlcCacheKind, AnUnknownDriveIsPredictedFromItsClassWithAWideInterval) {
  const Evaluation evaluation = evaluate("Nobody's drive,1000,TLC,,,,held_out\n");
  ASSERT_EQ(evaluation.predictions.size(), 3U);
  const Prediction& size = of(evaluation, "phase1_until_gb");
  EXPECT_EQ(size.grade, Grade::Assumed);
  EXPECT_GT(size.estimate->high / size.estimate->low, 10.0);
  EXPECT_GT(size.estimate->value, 20.0);
  EXPECT_LT(size.estimate->value, 500.0);
}

TEST(SlcCacheKind, SataBoundsTheRateAndQlcSlowsTheRest) {
  const Evaluation sata = evaluate("Nobody's drive,1000,QLC SATA,,,,held_out\n");
  const Evaluation nvme = evaluate("Nobody's drive,1000,TLC,,,,held_out\n");
  EXPECT_LT(of(sata, "phase1_mb_s").estimate->high, 600.0);
  EXPECT_LT(of(sata, "phase2_mb_s").estimate->value, of(nvme, "phase2_mb_s").estimate->value);
}

TEST(SlcCacheKind, ATestOfTheDriveBeatsItsClass) {
  const Evaluation evaluation = evaluate("Nobody's drive,1000,TLC,3000,250,700,fit\nNobody's drive,1000,TLC,,,,held_out\n");
  const Prediction& size = of(evaluation, "phase1_until_gb");
  EXPECT_EQ(size.grade, Grade::Fitted);
  EXPECT_NEAR(size.estimate->value, 250.0, 5.0);
  EXPECT_LT(size.estimate->high / size.estimate->low, 1.6);
  ASSERT_EQ(evaluation.fits.size(), 1U);
}

TEST(SlcCacheKind, ADriveOfTheCatalogIsTakenFromThere) {
  const Evaluation evaluation = evaluate("Samsung 980,1000,TLC DRAM-less,,,,held_out\n");
  EXPECT_NEAR(of(evaluation, "phase1_until_gb").estimate->value, 160.0, 1.0);
  EXPECT_NE(of(evaluation, "phase1_until_gb").note.find("samsung-980-1tb"), std::string::npos);
}

TEST(SlcCacheKind, TheClassTellsRatesByGenerationCapacityAndMemory) {
  const auto predicted = [](const std::string& row, std::string_view quantity) {
    return of(evaluate(row + ",,,,held_out\n"), quantity).estimate->value;
  };
  EXPECT_LT(predicted("Nobody's,1000,TLC PCIe 3.0", "phase1_mb_s"), predicted("Nobody's,1000,TLC PCIe 4.0", "phase1_mb_s"));
  EXPECT_LT(predicted("Nobody's,1000,TLC PCIe 4.0", "phase1_mb_s"), predicted("Nobody's,1000,TLC PCIe 5.0", "phase1_mb_s"));
  EXPECT_LT(predicted("Nobody's,1000,TLC", "phase2_mb_s"), predicted("Nobody's,2000,TLC", "phase2_mb_s"));
  EXPECT_LT(predicted("Nobody's,1000,TLC DRAM-less", "phase2_mb_s"), predicted("Nobody's,1000,TLC", "phase2_mb_s"));
}

TEST(SlcCacheKind, ADatasheetWithoutACacheTellsTheRateIntoIt) {
  const Evaluation evaluation = evaluate("Samsung PM9A3,960,TLC,,,,held_out\n");
  EXPECT_NEAR(of(evaluation, "phase1_mb_s").estimate->value, 1500.0, 100.0);
  EXPECT_NE(of(evaluation, "phase1_mb_s").note.find("samsung-pm9a3-960gb"), std::string::npos);
}

TEST(SlcCacheKind, ARowWithoutCapacitySaysSo) {
  const Evaluation evaluation = evaluate("Nobody's drive,,TLC,,,,held_out\n");
  ASSERT_EQ(evaluation.predictions.size(), 3U);
  EXPECT_FALSE(evaluation.predictions[0].estimate.has_value());
}

}  // namespace
}  // namespace labtwin::calibration
