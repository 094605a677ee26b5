#include "models/calibration/scorecard.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "models/base/error.hpp"
#include "models/catalog/data_folder.hpp"

namespace labtwin::calibration {
namespace {

std::vector<ScorecardSection> read(const std::string& text) {
  const auto file = std::filesystem::path(testing::TempDir()) / "scorecard.toml";
  std::ofstream(file) << text;
  return read_scorecard(file);
}

Prediction prediction_of(std::size_t row, const std::string& group) {
  Prediction prediction;
  prediction.row = row;
  prediction.quantity = "iops";
  prediction.group = group;
  return prediction;
}

MeasurementSet set_of(MeasurementTable table) {
  return {.name = "fio_depths", .table = std::move(table), .kind = nullptr, .manifest = {}, .notes = {}};
}

// Three rows of one set, a prediction each.
ValidatedSet three_depths(const std::string& folder) {
  MeasurementTable table("fio_depths", {"class", "rw"});
  table.add_row({"nvme", "randread"});
  table.add_row({"nvme", "write"});
  table.add_row({"hdd", "randread"});
  Evaluation evaluation;
  for (std::size_t row = 1; row <= 3; ++row) {
    evaluation.predictions.push_back(prediction_of(row, row == 3 ? "slow" : "fast"));
  }
  return {folder, set_of(std::move(table)), evaluation};
}

std::vector<std::size_t> rows(const ScorecardCase& scored, const std::vector<ValidatedSet>& sets) {
  std::vector<std::size_t> found;
  for (const Prediction* prediction : pool(scored, "iops", sets)) found.push_back(prediction->row);
  return found;
}

TEST(Scorecard, PartsWhatItPoolsByGroup) {
  const std::vector<ValidatedSet> sets = {three_depths("a/fio_depths")};
  const ScorecardCase scored{.name = "all", .sets = {"*/fio_depths"}, .quantities = {"iops"}};
  const GroupedPredictions groups = part_by_group(pool(scored, "iops", sets));
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups.at("fast").size(), 2U);
  EXPECT_EQ(groups.at("slow").front()->row, 3U);
}

TEST(Scorecard, PoolsTheRowsThatACaseNames) {
  const std::vector<ValidatedSet> sets = {three_depths("a/fio_depths"), three_depths("b/fio_jobs")};
  ScorecardCase scored{.name = "all", .sets = {"*/fio_depths"}, .quantities = {"iops"}};
  EXPECT_EQ(rows(scored, sets), (std::vector<std::size_t>{1, 2, 3}));
  scored.where = {{"rw", {"randread", "read"}}};
  EXPECT_EQ(rows(scored, sets), (std::vector<std::size_t>{1, 3}));
  scored.except = {{"class", {"hdd"}}};
  EXPECT_EQ(rows(scored, sets), (std::vector<std::size_t>{1}));
  scored = {.name = "slow", .sets = {"a/fio_depths", "b/fio_jobs"}, .where = {{"group", {"*low"}}}, .quantities = {"iops"}};
  EXPECT_EQ(rows(scored, sets), (std::vector<std::size_t>{3, 3}));
  scored.where = {{"group", {"*lo*"}}};
  EXPECT_EQ(rows(scored, sets), (std::vector<std::size_t>{3, 3}));
  scored.where = {{"group", {"fa*"}}};
  EXPECT_EQ(rows(scored, sets), (std::vector<std::size_t>{1, 2, 1, 2}));
}

TEST(Scorecard, NamesACaseThatPoolsNothing) {
  try {
    static_cast<void>(read("[[section]]\nname = \"Storage\"\n[[section.case]]\nname = \"none\"\n"));
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("must name a measurement set"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("must name what is scored"), std::string::npos) << error.what();
  }
}

TEST(Scorecard, OfTheProjectNamesSetsThatExist) {
  const std::filesystem::path data = catalog::find_data_folder().calibration / "data";
  std::vector<ValidatedSet> sets;
  for (const auto& path : find_measurement_sets(data)) {
    Evaluation one_prediction;
    one_prediction.predictions.push_back(prediction_of(1, ""));
    sets.push_back({path.lexically_relative(data).string(), set_of({"", {}}), std::move(one_prediction)});
  }
  for (const ScorecardSection& section : read_scorecard(data / "scorecard.toml")) {
    for (const ScorecardCase& scored : section.cases) {
      for (const std::string& pattern : scored.sets) {
        EXPECT_FALSE(rows({.name = "", .sets = {pattern}}, sets).empty()) << pattern;
      }
    }
  }
}

}  // namespace
}  // namespace labtwin::calibration
