#include "models/network/unoffloaded_rate.hpp"

#include <gtest/gtest.h>

namespace labtwin::network {
namespace {

TEST(UnoffloadedRate, IsThatOfACoreThatSendsPacketByPacket) {
  // As measured: 5.8 Gbit/s of 1472 B a datagram.
  const BytesPerSecond rate = unoffloaded_rate(Bytes::from_base(1500.0));
  EXPECT_NEAR(rate.value() * 8e-9 * 1472.0 / 1538.0, 5.8, 0.02);
  EXPECT_GT(unoffloaded_rate(Bytes::from_base(9000.0)), 5.0 * rate);
}

}  // namespace
}  // namespace labtwin::network
