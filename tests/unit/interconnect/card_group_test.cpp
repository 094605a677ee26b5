#include "models/interconnect/card_group.hpp"

#include <gtest/gtest.h>

namespace labtwin::interconnect {
namespace {

TEST(CardGroup, NcclCrossesHostBridgesWithTwoCardsOnly) {
  EXPECT_TRUE(library_lets_reach("NVIDIA", 2, false));
  EXPECT_FALSE(library_lets_reach("NVIDIA", 3, false));
  EXPECT_TRUE(library_lets_reach("NVIDIA", 8, true));
  EXPECT_TRUE(library_lets_reach("AMD", 4, false));
}

TEST(CardGroup, GeForceIsNoWorkstationCard) {
  EXPECT_TRUE(is_geforce("rtx-3090"));
  EXPECT_TRUE(is_geforce("NVIDIA GeForce RTX 4060 Ti"));
  EXPECT_FALSE(is_geforce("RTX 4500 Ada"));
  EXPECT_FALSE(is_geforce("RTX PRO 6000 Blackwell"));
}

}  // namespace
}  // namespace labtwin::interconnect
