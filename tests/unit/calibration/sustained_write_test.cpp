#include "models/calibration/sustained_write.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <string_view>

#include "models/base/csv.hpp"
#include "models/calibration/sustained_write_model.hpp"

namespace labtwin::calibration {
namespace {

constexpr const char* kHeader =
    "device,class,capacity_gib,pattern,pattern_detail,initial_state,bs_bytes,cum_written_gib,write_mb_s,split\n";

FlashBelief belief_of(const storage::FlashParameters& flash) {
  FlashBelief belief;
  belief.log[FlashBelief::Sequential] = {std::log(flash.sequential.value()), 0.01};
  belief.log[FlashBelief::Random] = {std::log(flash.random.value()), 0.01};
  belief.log[FlashBelief::Spare] = {std::log(flash.spare), 0.01};
  belief.log[FlashBelief::CopyCost] = {std::log(flash.copy_cost), 0.01};
  return belief;
}

const storage::FlashParameters kFlash{
    .sequential = BytesPerSecond::from_base(2e9), .random = BytesPerSecond::from_base(1.6e9), .spare = 0.19, .copy_cost = 1.1};

WriteRun uniform_on_a_full_drive() {
  WriteRun run;
  run.pattern = *read_write_pattern("uniform", "", 1e8);
  for (int i = 1; i <= 40; ++i) run.written.push_back(0.05 * i);
  return run;
}

TEST(SustainedWrite, ParametersOfASyntheticDriveAreFoundAgain) {
  const std::vector<WriteRun> runs = {uniform_on_a_full_drive(),
                                      {.pattern = *read_write_pattern("sequential", "", 1e8), .written = {0.5, 1.0}}};
  std::vector<WriteObservation> observations;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const auto rates = predict_run(runs[r], belief_of(kFlash));
    for (std::size_t i = 0; i < rates.size(); ++i) observations.push_back({r, i, rates[i].rate});
  }
  const FlashBelief belief = fit_flash(runs, observations, flash_prior(Bytes::from_base(960e9)));
  const storage::FlashParameters found = belief.mean();
  EXPECT_NEAR(found.sequential / kFlash.sequential, 1.0, 0.02);
  EXPECT_NEAR(found.random / kFlash.random, 1.0, 0.03);
  EXPECT_NEAR(found.spare, kFlash.spare, 0.01);
  EXPECT_NEAR(found.copy_cost, kFlash.copy_cost, 0.1);
}

TEST(SustainedWrite, TheSteadyRateFollowsFromSpareAndCostOfACopy) {
  const auto rates = predict_run(uniform_on_a_full_drive(), belief_of(kFlash));
  EXPECT_NEAR(rates.front().rate.value(), 1.6e9, 1e6);
  const double steady = 1.6e9 / (1.0 + 1.1 * storage::steady_copies_per_write(0.19));
  EXPECT_NEAR(rates.back().rate.value() / steady, 1.0, 0.06);
  EXPECT_LT(rates[5].rate, rates.back().rate) << "right after the cliff the blocks are fuller than they will be";
}

TEST(SustainedWrite, IsLeastSureOfWhereTheCliffLies) {
  const auto rates = predict_run(uniform_on_a_full_drive(), belief_of(kFlash));
  double most = 0.0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    if (rates[i].log_sigma > most) at = i;
    most = std::max(most, rates[i].log_sigma);
  }
  EXPECT_GE(at, 2U);
  EXPECT_LE(at, 5U);
}

TEST(SustainedWrite, ReadsPatternsOfWrites) {
  EXPECT_EQ(read_write_pattern("sequential-noshuffle", "", 1e6)->order, WritePattern::Order::Sequential);
  EXPECT_EQ(read_write_pattern("sequential-shuffle", "", 1e6)->order, WritePattern::Order::EachOnce);
  const auto zones = read_write_pattern("zones-shuffle", "s0.95 f0.05 s0.05 f0.95", 1e6);
  ASSERT_TRUE(zones.has_value());
  EXPECT_DOUBLE_EQ(zones->classes.at(1).pages, 0.05);
  EXPECT_DOUBLE_EQ(zones->classes.at(1).writes, 0.95);
  const auto zipf = read_write_pattern("zipf-shuffle", "0.8", 1e6);
  double pages = 0.0;
  double writes = 0.0;
  for (const auto& c : zipf->classes) {
    pages += c.pages;
    writes += c.writes;
  }
  EXPECT_NEAR(pages, 1.0, 1e-9);
  EXPECT_NEAR(writes, 1.0, 1e-9);
  EXPECT_FALSE(read_write_pattern("zipf-shuffle", "much", 1e6).has_value());
  EXPECT_FALSE(read_write_pattern("beta", "", 1e6).has_value());
}

// A run over a full drive, every window measured as predicted but for a factor.
std::string uniform_run_of_a_drive(double factor) {
  std::string text = kHeader;
  const auto rates = predict_run(uniform_on_a_full_drive(), flash_prior(Bytes::from_base(894.0 * 1073741824.0), "PCIe 4.0 x4"));
  for (std::size_t i = 0; i < rates.size(); ++i) {
    text += fmt::format("Some drive,nvme,894,uniform,,after fills,4096,{},{},held_out\n", 44.7 * static_cast<double>(i + 1),
                        factor * rates[i].rate.value() / 1e6);
  }
  return text;
}

TEST(SustainedWrite, ARunIsSummarisedByItsPhases) {
  const auto table = MeasurementTable::from_csv(CsvTable::from_text("runs.csv", uniform_run_of_a_drive(1.1)));
  const Evaluation evaluation = evaluate_sustained_write(table, {});
  EXPECT_EQ(evaluation.predictions.size(), 40U) << "rows are what they were";
  ASSERT_EQ(evaluation.derived.size(), 3U);
  for (const Prediction& p : evaluation.derived) {
    ASSERT_TRUE(p.measured && p.estimate) << p.quantity;
    EXPECT_NEAR(*p.measured / p.estimate->value, p.quantity == "cliff_gib" ? 1.0 : 1.1, 0.02) << p.quantity;
    EXPECT_LE(p.estimate->low, *p.measured) << p.quantity;
    EXPECT_GE(p.estimate->high, *p.measured) << p.quantity;
  }
}

TEST(SustainedWrite, TheGenerationOfTheInterfaceTellsTheRates) {
  const Bytes capacity = Bytes::from_base(960e9);
  const auto rate = [&](std::string_view interface) { return flash_prior(capacity, interface).mean().sequential; };
  EXPECT_LT(rate("PCIe 3.0 x4"), rate("PCIe 4.0 x4"));
  EXPECT_LT(rate("PCIe 4.0 x4"), rate("PCIe 5.0 x4"));
  EXPECT_LE(flash_prior(Bytes::from_base(30e12), "PCIe 4.0 x4").mean().sequential.value(), 4.2e9);
  EXPECT_GT(flash_prior(capacity).log[FlashBelief::Sequential].sigma,
            flash_prior(capacity, "PCIe 4.0 x4").log[FlashBelief::Sequential].sigma);
}

TEST(SustainedWrite, BlankOutcomesArePredictedAndUnknownPatternsNamed) {
  const std::string text = fmt::format(
      "{}Some drive,nvme,894,uniform,,fresh (sanitized),4096,200,,\nSome drive,nvme,894,uniform,,fresh "
      "(sanitized),4096,400,,held_out\nSome drive,nvme,894,beta,,used,4096,400,,held_out\n",
      kHeader);
  const auto table = MeasurementTable::from_csv(CsvTable::from_text("runs.csv", text));
  const Evaluation evaluation = evaluate_sustained_write(table, {});
  ASSERT_EQ(evaluation.predictions.size(), 2U);
  EXPECT_TRUE(evaluation.predictions[0].estimate.has_value());
  EXPECT_EQ(evaluation.predictions[0].grade, Grade::Assumed);
  EXPECT_FALSE(evaluation.predictions[1].estimate.has_value());
  EXPECT_NE(evaluation.predictions[1].note.find("beta"), std::string::npos);
}

}  // namespace
}  // namespace labtwin::calibration
