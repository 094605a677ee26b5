#include "models/interconnect/host_links.hpp"

#include <gtest/gtest.h>

#include "models/base/error.hpp"

namespace labtwin::interconnect {
namespace {

constexpr std::string_view kLspci = R"(01:00.0 VGA compatible controller: NVIDIA Corporation GA102 [GeForce RTX 3090] (rev a1)
	Subsystem: Micro-Star International Co., Ltd. [MSI] Device 3884
	Capabilities: [78] Express (v2) Legacy Endpoint, MSI 00
		LnkCap:	Port #0, Speed 16GT/s, Width x16, ASPM L1, Exit Latency L1 <64us
		LnkSta:	Speed 8GT/s (downgraded), Width x4 (downgraded)
02:00.0 Non-Volatile memory controller: Samsung Electronics Co Ltd NVMe SSD Controller PM9A1
		LnkCap:	Port #0, Speed 16GT/s, Width x4, ASPM L1
		LnkSta:	Speed 16GT/s, Width x4
)";

constexpr std::string_view kMatrix =
    "\tGPU0\tGPU1\tGPU2\tCPU Affinity\tNUMA Affinity\n"
    "GPU0\t X \tNV4\tSYS\t0-15\t0\n"
    "GPU1\tNV4\t X \tPHB\t0-15\t0\n"
    "GPU2\tSYS\tPHB\t X \t0-15\t0\n\nLegend:\n";

template <class Read>
std::string message_of(Read read) {
  try {
    read();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Lspci, TellsLinksThatTrainedLow) {
  ASSERT_TRUE(is_lspci(kLspci));
  const auto devices = read_lspci("lspci.txt", kLspci);
  ASSERT_EQ(devices.size(), 2U);
  EXPECT_EQ(devices[0].address, "01:00.0");
  EXPECT_EQ(devices[0].capable, (CardLink{LinkFamily::Pcie, 4, 16}));
  EXPECT_EQ(devices[0].now, (CardLink{LinkFamily::Pcie, 3, 4}));
  EXPECT_TRUE(devices[0].is_downgraded());
  EXPECT_FALSE(devices[1].is_downgraded());
}

TEST(Lspci, ATextThatIsCutOffIsOneMessage) {
  const std::string_view cut = kLspci.substr(0, kLspci.find("LnkSta"));
  const std::string message = message_of([&] { static_cast<void>(read_lspci("lspci.txt", cut)); });
  EXPECT_NE(message.find("lspci.txt"), std::string::npos) << message;
  EXPECT_NE(message.find("cut off"), std::string::npos) << message;
}

TEST(TopologyMatrix, TellsHowCardsReachEachOther) {
  ASSERT_TRUE(is_topology_matrix(kMatrix));
  const auto pairs = read_topology_matrix("topo.txt", kMatrix);
  ASSERT_EQ(pairs.size(), 3U);
  EXPECT_EQ(pairs[0].path, "NV4");
  EXPECT_EQ(pairs[1].path, "SYS");
  EXPECT_EQ(pairs[2].first, "GPU1");
  EXPECT_EQ(pairs[2].meaning, "a host bridge");
}

TEST(TopologyMatrix, MissingRowsAreOneMessage) {
  const std::string_view cut = kMatrix.substr(0, kMatrix.find("GPU2\tSYS"));
  const std::string message = message_of([&] { static_cast<void>(read_topology_matrix("topo.txt", cut)); });
  EXPECT_NE(message.find("2 of 3 cards"), std::string::npos) << message;
}

}  // namespace
}  // namespace labtwin::interconnect
