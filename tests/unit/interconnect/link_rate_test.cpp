#include "models/interconnect/link_rate.hpp"

#include <gtest/gtest.h>

#include "models/interconnect/all_reduce.hpp"

namespace labtwin::interconnect {
namespace {

TEST(LinkRate, IsLanesTimesTransfersTimesLineCode) {
  EXPECT_NEAR(line_rate({LinkFamily::Pcie, 3, 16}).value(), 16 * 8e9 / 8 * 128.0 / 130.0, 1e7);
  EXPECT_NEAR(line_rate({LinkFamily::Pcie, 4, 4}).value(), 4 * 16e9 / 8 * 128.0 / 130.0, 1e7);
  EXPECT_NEAR(line_rate({LinkFamily::Pcie, 2, 1}).value(), 5e9 / 8 * 0.8, 1e6);
  EXPECT_NEAR(line_rate({LinkFamily::NvLink, 3, 4}).value(), 56.2e9, 1e8);
}

TEST(LinkRate, TunnelsCarryLessThanTheirCable) {
  EXPECT_NEAR(line_rate(*parse_card_link("TB3", {})).value(), 22e9 / 8, 1e6);
  EXPECT_NEAR(line_rate(*parse_card_link("USB4", {})).value(), 32e9 / 8, 1e6);
  EXPECT_NEAR(line_rate(*parse_card_link("TB5", {})).value(), 64e9 / 8, 1e6);
}

TEST(LinkRate, ReadsWhatPeopleWrite) {
  EXPECT_EQ(parse_card_link("4", 8), (CardLink{LinkFamily::Pcie, 4, 8}));
  EXPECT_EQ(parse_card_link("pcie5 x16", 16), (CardLink{LinkFamily::Pcie, 5, 16}));
  EXPECT_EQ(parse_card_link("TB4", {}), (CardLink{LinkFamily::Tunnel, 4, 4}));
  EXPECT_EQ(parse_card_link("NVLink4", 18), (CardLink{LinkFamily::NvLink, 4, 18}));
  EXPECT_FALSE(parse_card_link("", {}));
  EXPECT_FALSE(parse_card_link("infiniband", {}));
}

TEST(CollectiveBytes, FollowTheRing) {
  EXPECT_DOUBLE_EQ(bytes_sent(CollectiveOp::AllReduce, 2, 100, false), 100.0);
  EXPECT_DOUBLE_EQ(bytes_sent(CollectiveOp::AllReduce, 4, 100, false), 150.0);
  EXPECT_DOUBLE_EQ(bytes_sent(CollectiveOp::AllGather, 4, 100, false), 75.0);
  EXPECT_DOUBLE_EQ(bytes_sent(CollectiveOp::AllGather, 4, 100, true), 300.0);
  EXPECT_EQ(parse_collective_op("all_reduce"), CollectiveOp::AllReduce);
  EXPECT_EQ(parse_collective_op("reduce_scatter"), CollectiveOp::ReduceScatter);
  EXPECT_EQ(parse_collective_op("reduce"), CollectiveOp::Reduce);
}

}  // namespace
}  // namespace labtwin::interconnect
