#include "models/serving/load_time.hpp"

#include <gtest/gtest.h>

#include <array>
#include <utility>

#include "models/registry.hpp"
#include "models/storage/drive_link.hpp"
#include "models/storage/read_ahead.hpp"

namespace labtwin::serving {
namespace {

using namespace labtwin::literals;

constexpr Bytes kGigabyte = Bytes::from_base(1e9);

LoadPath path_from(const char* part, Bytes weights) {
  const storage::IoClass window{storage::Direction::Read, storage::Pattern::Sequential, 128_KiB};
  const auto drive = load_drive(catalog::Catalog(), part);
  return {.weights = weights,
          .source_rate = storage::closed_loop(*drive.law, window, storage::kReadAheadWindows).iops * window.block_size,
          .card_link = storage::data_rate(storage::parse_drive_link("pcie4x16").value())};
}

TEST(LoadTime, IsThatOfTheSlowestStageForWhatIsColdAndTheUploadForWhatIsWarm) {
  const LoaderParameters loader{.cold_rate = 2000_MBps, .upload_share = 0.5, .start_up = 1_s};
  LoadPath path{.weights = 10.0 * kGigabyte, .source_rate = 500_MBps, .card_link = 10000_MBps};
  EXPECT_NEAR(load_time(loader, path).value(), 1.0 + 20.0, 1e-12);
  path.source_rate = 4000_MBps;
  EXPECT_NEAR(load_time(loader, path).value(), 1.0 + 5.0, 1e-12);
  path.num_streams = 4;
  EXPECT_NEAR(load_time(loader, path).value(), 1.0 + 2.5, 1e-12);
  path.warm_share = 0.6;
  EXPECT_NEAR(load_time(loader, path).value(), 1.0 + 1.0 + 1.2, 1e-12);
}

// Llama Q4_K_M files from a drive of generation 4 into an RTX 4090, the mean of five cold runs each.
TEST(LoadTime, IsNearMeasuredColdLoads) {
  const std::array<std::pair<double, double>, 4> rows{{{4.9, 2.1}, {7.9, 3.3}, {19.6, 7.4}, {40.5, 15.2}}};
  for (const auto& [gigabytes, seconds] : rows) {
    const double predicted = load_time({}, path_from("samsung-990-pro-2tb", gigabytes * kGigabyte)).value();
    EXPECT_NEAR(predicted / seconds, 1.0, 0.12) << gigabytes << " GB, predicted " << predicted;
  }
}

TEST(LoadTime, IsNearAMeasuredWarmLoad) {
  LoadPath path = path_from("samsung-990-pro-2tb", 67.7 * kGigabyte);
  path.warm_share = 1.0;
  EXPECT_NEAR(load_time({}, path).value() / 4.2, 1.0, 0.2);
}

}  // namespace
}  // namespace labtwin::serving
