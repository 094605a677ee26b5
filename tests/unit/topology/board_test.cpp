#include "models/topology/board.hpp"

#include <gtest/gtest.h>

#include "models/catalog/catalog.hpp"
#include "models/registry.hpp"

namespace labtwin::topology {
namespace {

std::optional<PcieLanes> link_of(const char* board, const char* slot, const std::set<std::string>& used) {
  const Board loaded = load_board(catalog::Catalog(), board).board;
  std::string taker;
  return loaded.link_of(*loaded.find(slot), used, taker);
}

TEST(Board, ASlotKeepsItsLanesUntilAnotherTakesThem) {
  EXPECT_EQ(link_of("msi-meg-x570-unify", "PCI_E1", {"PCI_E1"}), (PcieLanes{4, 16}));
  EXPECT_EQ(link_of("msi-meg-x570-unify", "PCI_E1", {"PCI_E1", "PCI_E3"}), (PcieLanes{4, 8}));
  EXPECT_EQ(link_of("asus-rog-strix-z790-e", "PCIEX16_G5", {"PCIEX16_G5", "M2_1"}), (PcieLanes{5, 8}));
}

TEST(Board, ASlotCanBeTurnedOff) {
  EXPECT_EQ(link_of("msi-meg-b550-unify-x", "PCI_E4", {}), (PcieLanes{3, 4}));
  EXPECT_FALSE(link_of("msi-meg-b550-unify-x", "PCI_E4", {"M2_4"}));
}

TEST(Board, MorePartsNeverWidenASlot) {
  const catalog::Catalog catalog;
  for (const std::string& part : catalog.parts("boards")) {
    const Board board = load_board(catalog, part).board;
    const std::vector<std::string> names = board.slot_names();
    const std::set<std::string> all(names.begin(), names.end());
    for (const Slot& slot : board.slots) {
      std::string taker;
      const auto link = board.link_of(slot, all, taker);
      EXPECT_LE(link ? link->lanes : 0, slot.link.lanes) << part << " " << slot.name;
      EXPECT_EQ(taker.empty(), link && link->lanes == slot.link.lanes) << part << " " << slot.name;
    }
  }
}

TEST(Board, LanesAreReadAndPrinted) {
  EXPECT_EQ(parse_pcie_lanes("pcie4x16"), (PcieLanes{4, 16}));
  EXPECT_EQ(pcie_lanes_name({3, 4}), "pcie3x4");
  for (const char* wrong : {"", "pcie", "pcie0x4", "pcie7x4", "pcie4x3", "pcie4x32", "pcie4", "sata3"}) {
    EXPECT_FALSE(parse_pcie_lanes(wrong)) << wrong;
  }
  EXPECT_EQ(negotiated({4, 4}, {3, 16}), (PcieLanes{3, 4}));
}

}  // namespace
}  // namespace labtwin::topology
