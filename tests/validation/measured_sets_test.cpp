// Every measurement set of the project: predictions of its held-out rows against the bounds of its manifest.

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "models/calibration/measurement_set.hpp"
#include "models/calibration/score.hpp"
#include "models/catalog/data_folder.hpp"

namespace labtwin::calibration {
namespace {

// Sets of kinds that the engine replays have tests of their own.
std::vector<std::filesystem::path> project_sets() {
  std::vector<std::filesystem::path> sets = find_measurement_sets(catalog::find_data_folder().calibration / "data");
  std::erase_if(sets, [](const auto& path) { return read_measurement_set(path).kind->evaluate == nullptr; });
  return sets;
}

class MeasuredSet : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(MeasuredSet, IsPredictedWithinTheBoundsOfItsManifest) {
  const MeasurementSet set = read_measurement_set(GetParam());
  const Evaluation evaluation = set.kind->evaluate(set.table, {});
  ASSERT_FALSE(set.manifest.bounds.empty()) << "a set without bounds tests nothing";
  for (const Bound& bound : set.manifest.bounds) {
    std::vector<const Prediction*> rows;
    for (const auto* predictions : {&evaluation.predictions, &evaluation.derived}) {
      for (const Prediction& p : *predictions) {
        if (p.quantity == bound.quantity && calibration::is_of_group(p.group, bound.group)) rows.push_back(&p);
      }
    }
    const auto result = score(rows);
    ASSERT_TRUE(result.has_value()) << bound.quantity << " " << bound.group << " has no held-out row";
    EXPECT_LE(result->median_ape_pct, bound.median_ape_pct) << bound.quantity << " " << bound.group;
    EXPECT_LE(result->p90_ape_pct, bound.p90_ape_pct) << bound.quantity << " " << bound.group;
    EXPECT_EQ(result->num_missing, 0U) << bound.quantity << " " << bound.group;
  }
}

std::string test_name(const testing::TestParamInfo<std::filesystem::path>& info) {
  std::string name = info.param.parent_path().filename().string() + "_" + info.param.filename().string();
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Project, MeasuredSet, testing::ValuesIn(project_sets()), test_name);

TEST(MeasuredSets, IntervalsOfNinetyPercentCoverAboutThat) {
  std::vector<Evaluation> evaluations;
  std::vector<const Prediction*> rates;
  for (const auto& path : project_sets()) {
    const MeasurementSet set = read_measurement_set(path);
    evaluations.push_back(set.kind->evaluate(set.table, {}));
  }
  for (const Evaluation& evaluation : evaluations) {
    for (const Prediction& p : evaluation.predictions) {
      if (p.quantity == "iops" || p.quantity == "fg_iops") rates.push_back(&p);
    }
  }
  const auto result = score(rates);
  ASSERT_TRUE(result.has_value());
  EXPECT_GE(result->coverage_pct, 80.0);
  EXPECT_LE(result->coverage_pct, 97.0);
}

}  // namespace
}  // namespace labtwin::calibration
