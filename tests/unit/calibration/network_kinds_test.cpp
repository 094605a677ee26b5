// Kinds of network measurements: outcomes are not read by their predictions, and what cannot be true has a reason.

#include <gtest/gtest.h>

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {
namespace {

MeasurementTable bulk_table(const std::string& loss, const std::string& control, const std::string& goodput) {
  MeasurementTable table(
      "bulk", {"rate_mbit", "rtt_us", "loss_pct", "loss_model", "cc", "omit_s", "dur_s", "extra_netem", "goodput_mbit"});
  table.add_row({"1000", "20000", loss, "bernoulli", control, "1", "2", "", goodput});
  return table;
}

Prediction only_prediction(const MeasurementTable& table) {
  const Evaluation evaluation = recognise(table).evaluate(table, {});
  EXPECT_EQ(evaluation.predictions.size(), 1U);
  return evaluation.predictions.front();
}

TEST(TcpBulk, PredictsABlankOutcomeLikeAMeasuredOne) {
  const Prediction blank = only_prediction(bulk_table("1", "cubic", ""));
  const Prediction measured = only_prediction(bulk_table("1", "cubic", "123"));
  ASSERT_TRUE(blank.estimate && measured.estimate);
  EXPECT_EQ(blank.estimate->value, measured.estimate->value);
  EXPECT_LT(blank.estimate->low, blank.estimate->value);
  EXPECT_GT(blank.estimate->high, blank.estimate->value);
  EXPECT_FALSE(blank.measured);
}

TEST(TcpBulk, SaysWhyARowCannotBePredicted) {
  const Prediction lossy = only_prediction(bulk_table("150", "cubic", "1"));
  EXPECT_FALSE(lossy.estimate);
  EXPECT_NE(lossy.note.find("between 0 and 100 %"), std::string::npos) << lossy.note;
  const Prediction unknown = only_prediction(bulk_table("1", "vegas", "1"));
  EXPECT_FALSE(unknown.estimate);
  EXPECT_NE(unknown.note.find("vegas"), std::string::npos) << unknown.note;
}

TEST(RpcLatency, TakesARoundTripPerRequestWithoutLossAndATimeoutForALostOne) {
  MeasurementTable table(
      "rpc", {"rate_mbit", "rtt_us", "loss_pct", "loss_dir", "cc", "mode", "req_bytes", "resp_bytes", "n", "p50_us", "p99_us"});
  table.add_row({"1000", "1000", "0", "both", "cubic", "new", "1024", "1024", "1000", "", ""});
  table.add_row({"1000", "1000", "2", "both", "cubic", "keep", "1024", "1024", "1000", "", ""});
  const Evaluation evaluation = recognise(table).evaluate(table, {});
  for (const Prediction& p : evaluation.predictions) {
    ASSERT_TRUE(p.estimate) << p.quantity;
    if (p.row == 1 && p.quantity == "p50_us") {
      EXPECT_NEAR(p.estimate->value, 2000.0, 20.0);
    }
    if (p.row == 1 && p.quantity == "connect_p99_us") {
      EXPECT_NEAR(p.estimate->value, 1000.0, 1.0);
    }
    if (p.row == 2 && p.quantity == "p50_us") {
      EXPECT_NEAR(p.estimate->value, 1000.0, 20.0);
    }
    if (p.row == 2 && p.quantity == "p99_us") {
      EXPECT_NEAR(p.estimate->value, 206000.0, 6000.0);
    }
  }
}

TEST(Bufferbloat, KnowsNoLawForOtherDisciplines) {
  MeasurementTable table("queue", {"rate_mbit", "rtt_us", "qdisc", "queue_bytes", "n_bulk", "p50_us"});
  table.add_row({"100", "20000", "pie", "150000", "1", ""});
  for (const Prediction& p : recognise(table).evaluate(table, {}).predictions) {
    EXPECT_FALSE(p.estimate);
    EXPECT_NE(p.note.find("pie"), std::string::npos) << p.note;
  }
}

TEST(TcpShare, SplitsTheWireBetweenTheFlowsOfARow) {
  MeasurementTable table("share", {"rate_mbit", "n_flows", "rtts_us", "cc_mix", "flow", "queue_bytes", "share"});
  table.add_row({"1000", "2", "20000/20000", "bbr", "0", "1514000", ""});
  table.add_row({"1000", "2", "20000/oops", "bbr", "0", "1514000", ""});
  const Evaluation evaluation = recognise(table).evaluate(table, {});
  ASSERT_EQ(evaluation.predictions.size(), 6U);
  EXPECT_NEAR(evaluation.predictions[0].estimate->value, 941.48 / 2.0, 0.01);
  EXPECT_FALSE(evaluation.predictions[3].estimate);
  EXPECT_NE(evaluation.predictions[3].note.find("oops"), std::string::npos);
}

TEST(UdpLoss, LosesNothingWhereTheReceiverKeepsUp) {
  MeasurementTable table(
      "udp", {"env", "pps_target", "payload_bytes", "rcvbuf_actual", "receiver_mode", "mode_a", "mode_b", "secs", "loss_frac"});
  table.add_row({"uml-tt", "1000", "200", "425984", "slow", "100", "0", "2", ""});
  table.add_row({"uml-tt", "1000", "200", "425984", "stop", "100", "0", "2", ""});
  const Evaluation evaluation = recognise(table).evaluate(table, {});
  EXPECT_EQ(evaluation.predictions[0].estimate->value, 0.0);
  EXPECT_FALSE(evaluation.predictions[1].estimate);
}

}  // namespace
}  // namespace labtwin::calibration
