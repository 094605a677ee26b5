#include "models/network/request_response.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "models/network/path.hpp"

namespace labtwin::network {
namespace {

/// The 99th percentile of a thousand calls of 1 KiB each way, ms, in a world of its own.
double p99_of_a_thousand(double loss, std::uint64_t seed) {
  Path path;
  path.round_trip = Seconds::from_base(1e-4);
  path.to_client = LossModel::random(loss);
  path.to_server = path.to_client;
  const Exchange exchange{.connect_each_time = false,
                          .request = Bytes::from_base(1024.0),
                          .response = Bytes::from_base(1024.0),
                          .think = Seconds{}};
  const RequestTimes times = draw_requests(path, TcpSettings{}, exchange, RandomSource(seed, 0).stream("test"), 1000);
  return 1e3 * quantile_of_sorted(times.total, 0.99);
}

// One call in 100 loses a packet at 0.5 % each way and waits 200 ms: repeats of the very same measurement differ by a factor of
// 2000. At 2 % every repeat says the same.
TEST(RequestResponse, AQuantileAtTheShareThatWaitsForTimeoutsIsATossUp) {
  constexpr int kRepeats = 60;
  int num_long = 0;
  for (int seed = 1; seed <= kRepeats; ++seed) {
    num_long += p99_of_a_thousand(0.005, static_cast<std::uint64_t>(seed)) > 100.0 ? 1 : 0;
    EXPECT_GT(p99_of_a_thousand(0.02, static_cast<std::uint64_t>(seed)), 200.0);
  }
  // Ten of a thousand are Poisson: a mean of 54 %, 3.9 of 60 is a standard deviation.
  EXPECT_NEAR(num_long, 0.54 * kRepeats, 4.0 * 3.9);
}

}  // namespace
}  // namespace labtwin::network
