#include "sim/run/load_search.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace labtwin {
namespace {

TEST(LoadSearch, FindsTheLastUserThatFits) {
  for (double start : {1.0, 4.0, 37.0, 1000.0}) {
    for (double most_that_fit : {1.0, 2.0, 3.0, 17.0, 49.0}) {
      const LoadRange range{.start = start};
      const LoadLimit limit = search_limit(range, [&](double users) { return users <= most_that_fit; });
      EXPECT_EQ(limit.holds, most_that_fit) << start;
      EXPECT_EQ(limit.fails, most_that_fit + 1.0) << start;
    }
  }
}

TEST(LoadSearch, IsAsPreciseAsAskedForRates) {
  LoadRange range{.least = 1e-6, .most = 1e6, .start = 0.3, .precision = 0.01, .whole_numbers = false};
  for (double threshold : {1.7e-5, 0.2999, 0.3, 0.31, 812.3}) {
    const LoadLimit limit = search_limit(range, [&](double rate) { return rate <= threshold; });
    ASSERT_TRUE(limit.holds && limit.fails) << threshold;
    EXPECT_LE(*limit.holds, threshold);
    EXPECT_GT(*limit.fails, threshold);
    EXPECT_LE(*limit.fails / *limit.holds, 1.01);
  }
}

TEST(LoadSearch, SaysWhichEndOfTheRangeItReached) {
  const LoadRange range{.most = 100.0, .start = 3.0};
  const LoadLimit never = search_limit(range, [](double) { return false; });
  EXPECT_FALSE(never.holds);
  EXPECT_EQ(never.fails, 1.0);
  const LoadLimit always = search_limit(range, [](double) { return true; });
  EXPECT_EQ(always.holds, 100.0);
  EXPECT_FALSE(always.fails);
}

TEST(LoadSearch, AsksAsOftenAsTheLogarithmOfTheRange) {
  std::vector<double> asked;
  const LoadRange range{.most = 1e6, .start = 1.0, .precision = 1e-9};
  const LoadLimit limit = search_limit(range, [&](double users) {
    asked.push_back(users);
    return users <= 654'321.0;
  });
  EXPECT_EQ(limit.holds, 654'321.0);
  EXPECT_LE(asked.size(), 2.0 * std::log2(1e6) + 2.0);
  for (double users : asked) EXPECT_EQ(users, std::floor(users));
}

}  // namespace
}  // namespace labtwin
