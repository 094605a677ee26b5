#include "models/base/text.hpp"

#include <gtest/gtest.h>

#include <array>

namespace labtwin {
namespace {

const std::array<std::string, 4> kNames{"bandwidth", "latency", "rate_limit", "type"};

TEST(NearestName, FindsSlipsOfTheFinger) {
  EXPECT_EQ(nearest_name("bandwith", kNames), "bandwidth");
  EXPECT_EQ(nearest_name("Latency", kNames), "latency");
  EXPECT_EQ(nearest_name("ratelimit", kNames), "rate_limit");
  EXPECT_EQ(nearest_name("tpye", kNames), "type");
}

TEST(NearestName, CompletesABeginning) {
  EXPECT_EQ(nearest_name("band", kNames), "bandwidth");
  EXPECT_EQ(nearest_name("b", kNames), std::nullopt);
}

TEST(NearestName, StaysSilentWhenNothingIsNear) {
  EXPECT_EQ(nearest_name("colour", kNames), std::nullopt);
  EXPECT_EQ(nearest_name("", kNames), std::nullopt);
  EXPECT_EQ(nearest_name_hint("colour", kNames), "");
  EXPECT_EQ(nearest_name_hint("bandwith", kNames), "did you mean \"bandwidth\"?");
}

TEST(NearestNames, AreThreeWhereNoneIsMeant) {
  const std::vector<std::string> quants = {"bf16", "f16", "q4_0", "q4_k_m", "q8_0"};
  EXPECT_EQ(nearest_names_hint("q4_k_n", quants), "did you mean \"q4_k_m\"?");
  EXPECT_EQ(nearest_names_hint("q9", quants), "nearest are q4_0, q8_0 and q4_k_m");
  EXPECT_EQ(nearest_names_hint("zzzzzz", std::vector<std::string>{"bf16", "f16"}), "");
}

TEST(Printable, KeepsAMessageOnOneLineAndCharactersWhole) {
  EXPECT_EQ(printable("a\nb\x1b"), "a\\x0ab\\x1b");
  EXPECT_EQ(printable(std::string(79, 'x') + "\u00fc"), std::string(79, 'x') + "...");
  EXPECT_EQ(printable("3 \u00b5s"), "3 \u00b5s");
}

TEST(Trim, RemovesBlanksAtBothEnds) {
  EXPECT_EQ(trim(" \ta b\r\n"), "a b");
  EXPECT_EQ(trim("  "), "");
}

}  // namespace
}  // namespace labtwin
