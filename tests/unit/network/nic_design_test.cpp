#include "models/network/nic_design.hpp"

#include <gtest/gtest.h>

#include "models/catalog/catalog.hpp"
#include "models/registry.hpp"

namespace labtwin {
namespace {

TEST(NicDesign, LeavesTheWireWhatTheHostGetsThroughTheCard) {
  network::NicDesign card{
      .line_rate = BytesPerSecond::from_base(1.25e9), .goodput = BytesPerSecond::from_base(3e8), .spread = 0.0, .latency = {}};
  EXPECT_NEAR(card.effective_rate().value() * 1448.0 / 1538.0, 3e8, 1.0);
  card.goodput = card.line_rate;
  EXPECT_EQ(card.effective_rate(), card.line_rate) << "nobody gets more than the wire";
}

TEST(NicDesign, OfEveryCardInTheCatalogFitsItsWire) {
  const catalog::Catalog catalog;
  ASSERT_GE(catalog.parts("nics").size(), 10U);
  for (const std::string& part : catalog.parts("nics")) {
    const network::NicDesign design = load_nic(catalog, part).design;
    EXPECT_LE(design.effective_rate(), design.line_rate) << part;
    EXPECT_GT(design.goodput, 0.05 * design.line_rate) << part;
  }
}

}  // namespace
}  // namespace labtwin
