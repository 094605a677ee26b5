#include "models/storage/drive_link.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "models/catalog/catalog.hpp"
#include "models/registry.hpp"
#include "models/storage/queue_depth_curve.hpp"

namespace labtwin::storage {
namespace {

using namespace labtwin::literals;

DriveLink link(const char* name) {
  return parse_drive_link(name).value();
}

std::unique_ptr<DriveLaw> fast_drive() {
  const QueueDepthClass c{
      .latency_floor = 50_us, .stream_bandwidth = 3000_MBps, .max_iops = 1000000_per_s, .bandwidth = 7000_MBps, .knee = 2.0};
  return make_queue_depth_curve({c, c, c, c});
}

TEST(DriveLink, ReadsWhatItWrites) {
  for (const char* name : {"pcie1x1", "pcie4x4", "pcie6x16", "sata3", "sas2", "usb3", "usb3.2"}) {
    EXPECT_EQ(drive_link_name(link(name)), name);
  }
  for (const char* wrong : {"", "pcie", "pcie4", "pcie4x", "pcie4x3", "pcie7x4", "sata0", "sata4", "usb2", "pcie4x4x"}) {
    EXPECT_FALSE(parse_drive_link(wrong)) << wrong;
  }
}

TEST(DriveLink, CarriesDataAtTheRateOfItsPackets) {
  // 4 lanes x 8 Gbit/s x 128/130 / 8 = 3938.5 MB/s, of which 256 of 280 bytes are data.
  EXPECT_NEAR(data_rate(link("pcie3x4")).value(), 3938.46e6 * 256.0 / 280.0, 1e4);
  EXPECT_NEAR(data_rate(link("pcie4x4")).value(), 7876.92e6 * 512.0 / 536.0, 1e4);
  EXPECT_NEAR(data_rate(link("pcie3x2")) / data_rate(link("pcie3x4")), 0.5, 1e-12);
  EXPECT_NEAR(data_rate(link("sata3")).value(), 564e6, 1e3);
}

TEST(DriveLink, NegotiatesTheOlderGenerationAndTheFewerLanes) {
  EXPECT_EQ(negotiated(link("pcie3x16"), link("pcie4x4")), link("pcie3x4"));
  EXPECT_EQ(negotiated(link("pcie5x2"), link("pcie4x4")), link("pcie4x2"));
  EXPECT_EQ(negotiated(link("sas3"), link("sata3")), link("sata3"));
  EXPECT_EQ(negotiated(link("sas1"), link("sata3")), link("sata2"));
  EXPECT_EQ(negotiated(link("usb3"), link("pcie4x4")), link("usb3"));
}

TEST(DriveLink, TakesOnlyDrivesThatSpeakItsLanguage) {
  EXPECT_TRUE(takes_drive(link("sas3"), link("sata3")));
  EXPECT_TRUE(takes_drive(link("usb3"), link("sata3")));
  EXPECT_TRUE(takes_drive(link("usb3.1"), link("pcie3x4")));
  EXPECT_FALSE(takes_drive(link("pcie4x4"), link("sata3")));
  EXPECT_FALSE(takes_drive(link("sata3"), link("pcie4x4")));
  EXPECT_FALSE(takes_drive(link("sata3"), link("sas2")));
  EXPECT_FALSE(takes_drive(link("usb3"), link("sas2")));
}

TEST(DriveBehindALink, NeverMovesMoreThanTheLinkAndReachesIt) {
  const auto drive = behind_link(fast_drive(), link("pcie3x4"), link("pcie4x4"));
  const double limit = data_rate(link("pcie3x4")).value();
  for (const Bytes block : {4_KiB, 128_KiB, 1_MiB}) {
    PerSecond last;
    for (int depth = 1; depth <= 1024; depth *= 2) {
      const ClosedLoop loop = closed_loop(*drive, {.pattern = Pattern::Sequential, .block_size = block}, depth);
      EXPECT_GE(loop.iops.value(), last.value() * (1 - 1e-12));
      EXPECT_LE((loop.iops * block).value(), limit * (1 + 1e-12));
      last = loop.iops;
    }
    EXPECT_TRUE(block < 1_MiB || std::abs((last * block).value() - limit) < 1.0);
  }
}

TEST(DriveBehindALink, IsSlowerByTheTransferAndTheBridgeWhenUnloaded) {
  const IoClass io{.block_size = 128_KiB};
  const double alone = closed_loop(*fast_drive(), io, 1).mean_latency.value();
  const auto older = behind_link(fast_drive(), link("pcie3x4"), link("pcie4x4"));
  const double more = 131072.0 * (1.0 / data_rate(link("pcie3x4")).value() - 1.0 / data_rate(link("pcie4x4")).value());
  EXPECT_NEAR(closed_loop(*older, io, 1).mean_latency.value(), alone + more, 1e-12);
  const auto in_case = behind_link(fast_drive(), link("usb3.1"), std::nullopt);
  EXPECT_NEAR(closed_loop(*in_case, io, 1).mean_latency.value(), alone + command_latency(link("usb3.1")).value(), 1e-12);
}

TEST(DriveBehindALink, IsTheSameDriveWhereItIsMadeFor) {
  const auto drive = behind_link(fast_drive(), link("pcie4x4"), link("pcie4x4"));
  for (int depth = 1; depth <= 256; depth *= 4) {
    const IoClass io{.block_size = 64_KiB};
    EXPECT_EQ(closed_loop(*drive, io, depth).iops, closed_loop(*fast_drive(), io, depth).iops);
  }
}

// A law that outruns the link which it was measured with would contradict one of the two.
TEST(DriveLinkOfTheCatalog, CarriesEveryDriveThatIsMadeForIt) {
  const catalog::Catalog catalog;
  for (const std::string& part : catalog.parts("drives")) {
    const DrivePart drive = load_drive(catalog, part);
    if (!drive.interface) continue;
    const IoClass stream{Direction::Read, Pattern::Sequential, 1_MiB};
    EXPECT_LE((stream.block_size / drive.law->work(stream)).value(), 1.03 * data_rate(*drive.interface).value()) << part;
  }
}

}  // namespace
}  // namespace labtwin::storage
