// Sets that the engine replays: predictions of held-out runs against the bounds of the manifest, and runs of hosts that the
// file says nothing about.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "models/base/csv.hpp"
#include "models/calibration/measurement_set.hpp"
#include "models/calibration/score.hpp"
#include "models/catalog/data_folder.hpp"
#include "sim/validation/vector_disk.hpp"

namespace labtwin::validation {
namespace {

using calibration::Evaluation;
using calibration::MeasurementSet;
using calibration::MeasurementTable;
using calibration::Prediction;

constexpr std::size_t kNumParallel = 2;

MeasurementSet searches_beside_jobs() {
  return calibration::read_measurement_set(catalog::find_data_folder().calibration / "data" / "vm-zen5-2vcpu" /
                                           "vector_disk_noisy");
}

std::vector<const Prediction*> of_quantity(const Evaluation& evaluation, const std::string& quantity) {
  std::vector<const Prediction*> found;
  for (const Prediction& p : evaluation.predictions) {
    if (p.quantity == quantity) found.push_back(&p);
  }
  return found;
}

TEST(ReplayedSet, IsPredictedWithinTheBoundsOfItsManifest) {
  const MeasurementSet set = searches_beside_jobs();
  const Evaluation evaluation = evaluate_vector_disk(set.table, {}, kNumParallel);
  ASSERT_FALSE(set.manifest.bounds.empty());
  for (const calibration::Bound& bound : set.manifest.bounds) {
    const auto result = calibration::score(of_quantity(evaluation, bound.quantity));
    ASSERT_TRUE(result.has_value()) << bound.quantity;
    EXPECT_LE(result->median_ape_pct, bound.median_ape_pct) << bound.quantity;
    EXPECT_LE(result->p90_ape_pct, bound.p90_ape_pct) << bound.quantity;
    EXPECT_EQ(result->num_missing, 0U) << bound.quantity;
    EXPECT_GE(result->coverage_pct, 75.0) << bound.quantity;
    EXPECT_LE(result->coverage_pct, 98.0) << bound.quantity;
  }
}

// Two short searches as columns and rows; `outcomes` are the last two cells.
MeasurementTable two_searches(const std::string& host, const std::string& outcomes, const std::string& mode = "ivf") {
  const std::string columns =
      "host,search_mode,dim,n_vectors,search_param,reads_in_flight_W,query_threads,bg_kind,bg_target,bg_target_unit,bg_block,"
      "bg_iodepth,bg_actual_write_MBps,qps,lat_p50_us\n";
  const std::string search = host + ",beam,384,200000,50,4,1,seqwrite,200,MB/s,1m,8,200," + outcomes + "\n" + host + "," +
                             mode + ",384,200000,8,8,1,none,0,MB/s,-,0,0," + outcomes + "\n";
  return MeasurementTable::from_csv(CsvTable::from_text("searches.csv", columns + search));
}

TEST(ReplayedSet, DoesNotReadWhatItPredicts) {
  const Evaluation known = evaluate_vector_disk(two_searches("vm-zen5-2vcpu", "150,5000"), {}, kNumParallel);
  const Evaluation blank = evaluate_vector_disk(two_searches("vm-zen5-2vcpu", ","), {}, kNumParallel);
  ASSERT_EQ(known.predictions.size(), blank.predictions.size());
  for (std::size_t i = 0; i < known.predictions.size(); ++i) {
    ASSERT_TRUE(known.predictions[i].estimate && blank.predictions[i].estimate);
    EXPECT_EQ(known.predictions[i].estimate->value, blank.predictions[i].estimate->value);
    EXPECT_EQ(known.predictions[i].estimate->low, blank.predictions[i].estimate->low);
  }
}

TEST(ReplayedSet, OfAnUnknownHostIsPredictedWithinWideBoundsAndSaysSo) {
  const Evaluation known = evaluate_vector_disk(two_searches("vm-zen5-2vcpu", ","), {}, kNumParallel);
  const Evaluation unknown = evaluate_vector_disk(two_searches("somebody-elses", ","), {}, kNumParallel);
  const Prediction& narrow = *of_quantity(known, "qps").front();
  const Prediction& wide = *of_quantity(unknown, "qps").front();
  EXPECT_EQ(wide.grade, calibration::Grade::Assumed);
  EXPECT_NE(wide.note.find("unknown host"), std::string::npos);
  EXPECT_GT(wide.estimate->high / wide.estimate->low, 2.0 * narrow.estimate->high / narrow.estimate->low);
}

TEST(ReplayedSet, ListsWhatItCannotReplayWithTheReason) {
  const Evaluation evaluation = evaluate_vector_disk(two_searches("vm-zen5-2vcpu", ",", "mmap"), {}, kNumParallel);
  const auto rates = of_quantity(evaluation, "qps");
  ASSERT_EQ(rates.size(), 2U);
  EXPECT_TRUE(rates[0]->estimate.has_value());
  EXPECT_FALSE(rates[1]->estimate.has_value());
  EXPECT_NE(rates[1]->note.find("mmap"), std::string::npos);
}

}  // namespace
}  // namespace labtwin::validation
