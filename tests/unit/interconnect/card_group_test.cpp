#include "models/interconnect/card_group.hpp"

#include <gtest/gtest.h>

#include "models/interconnect/host_offload.hpp"

namespace labtwin::interconnect {
namespace {

TEST(CardGroup, NcclCrossesHostBridgesWithTwoCardsOnly) {
  EXPECT_TRUE(library_lets_reach("NVIDIA", 2, false));
  EXPECT_FALSE(library_lets_reach("NVIDIA", 3, false));
  EXPECT_TRUE(library_lets_reach("NVIDIA", 8, true));
  EXPECT_TRUE(library_lets_reach("AMD", 4, false));
}

TEST(CardGroup, WeightsAreCopiedAtAShareOfTheLinkAsNegotiated) {
  const auto rate = [](int generation, int lanes) { return streaming_rate({LinkFamily::Pcie, generation, lanes}).value(); };
  EXPECT_NEAR(rate(5, 16) / rate(4, 16), 2.0, 1e-3);
  EXPECT_NEAR(rate(4, 16) / rate(4, 4), 4.0, 1e-9);
  EXPECT_LT(rate(4, 16), line_rate({LinkFamily::Pcie, 4, 16}).value());
}

TEST(CardGroup, GeForceIsNoWorkstationCard) {
  EXPECT_TRUE(is_geforce("rtx-3090"));
  EXPECT_TRUE(is_geforce("NVIDIA GeForce RTX 4060 Ti"));
  EXPECT_FALSE(is_geforce("RTX 4500 Ada"));
  EXPECT_FALSE(is_geforce("RTX PRO 6000 Blackwell"));
}

TEST(CardGroup, VendorsAreToldByNames) {
  EXPECT_EQ(vendor_in_name("Radeon AI PRO R9700"), "AMD");
  EXPECT_EQ(vendor_in_name("Ryzen AI MAX+ 395"), "AMD");
  EXPECT_EQ(vendor_in_name("Arc Pro B60"), "Intel");
  EXPECT_EQ(vendor_in_name("RTX 3090"), "NVIDIA");
  EXPECT_EQ(vendor_in_name("L40S"), "NVIDIA");
}

}  // namespace
}  // namespace labtwin::interconnect
