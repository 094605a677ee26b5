#include "models/serving/router.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <vector>

namespace labtwin::serving {
namespace {

std::vector<CopyState> loads(const std::vector<std::size_t>& present) {
  std::vector<CopyState> copies;
  for (const std::size_t count : present) copies.push_back({.num_present = count});
  return copies;
}

TEST(Router, TakesTheFirstOfTheLeastLoaded) {
  Router router(Routing::LeastLoaded);
  EXPECT_EQ(router.choose(loads({2, 1, 1}), {}), 1U);
  EXPECT_EQ(router.choose(loads({0, 0}), {.session = 7}), 0U);
}

TEST(Router, GoesRound) {
  Router router(Routing::RoundRobin);
  std::vector<std::size_t> chosen;
  for (int i = 0; i < 5; ++i) chosen.push_back(router.choose(loads({9, 0}), {}));
  EXPECT_EQ(chosen, (std::vector<std::size_t>{0, 1, 0, 1, 0}));
}

TEST(Router, KeepsASessionAndSpreadsSessions) {
  Router router(Routing::SessionAffinity);
  std::map<std::size_t, int> counts;
  for (std::uint64_t session = 1; session <= 3000; ++session) {
    const std::size_t chosen = router.choose(loads({0, 0, 0}), {.session = session});
    EXPECT_EQ(router.choose(loads({50, 50, 50}), {.session = session}), chosen);
    ++counts[chosen];
  }
  // Of 3,000 fair throws a third each, within four standard deviations.
  for (const auto& [copy, count] : counts) EXPECT_NEAR(count, 1000, 4 * 26);
  EXPECT_EQ(counts.size(), 3U);
  // Who has no session goes where there is least to do.
  EXPECT_EQ(router.choose(loads({3, 2, 1}), {}), 2U);
}

TEST(Router, FollowsThePrefixUnlessLoadsAreUneven) {
  Router router(Routing::CacheAware);
  const RoutedRequest prompt{.prompt_tokens = 1000};
  std::vector<CopyState> copies = loads({60, 2});
  copies[0].cached_tokens = 301;
  copies[1].cached_tokens = 300;
  EXPECT_EQ(router.choose(copies, prompt), 0U);
  copies[0].cached_tokens = 299;
  copies[1].cached_tokens = 0;
  EXPECT_EQ(router.choose(copies, prompt), 1U);
  copies[0] = {.num_present = 67, .cached_tokens = 990};
  EXPECT_EQ(router.choose(copies, prompt), 1U);
  copies = loads({200, 135});
  copies[0].cached_tokens = 990;
  EXPECT_EQ(router.choose(copies, prompt), 0U);
}

TEST(Router, WaitsForNobodyWhoIsStillLoading) {
  for (const Routing policy : {Routing::LeastLoaded, Routing::RoundRobin, Routing::SessionAffinity, Routing::CacheAware}) {
    Router router(policy);
    std::vector<CopyState> copies = loads({0, 5, 5});
    copies[0] = {.num_present = 0, .cached_tokens = 900, .is_ready = false};
    copies[2].is_ready = false;
    for (std::uint64_t session = 1; session < 20; ++session) {
      EXPECT_EQ(router.choose(copies, {.session = session, .prompt_tokens = 1000}), 1U);
    }
    for (CopyState& copy : copies) copy.is_ready = false;
    EXPECT_LT(router.choose(copies, {.session = 1}), 3U);
  }
}

}  // namespace
}  // namespace labtwin::serving
