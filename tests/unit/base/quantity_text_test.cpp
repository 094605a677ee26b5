#include <gtest/gtest.h>

#include <string>

#include "models/base/error.hpp"
#include "models/base/units.hpp"

namespace labtwin {
namespace {

template <class Q>
double parsed(std::string_view text) {
  return parse_quantity<Q>(text).value();
}

TEST(ParseQuantity, ReadsEveryPrefixExactly) {
  EXPECT_EQ(parsed<Bytes>("7 B"), 7.0);
  EXPECT_EQ(parsed<Bytes>("7 kB"), 7e3);
  EXPECT_EQ(parsed<Bytes>("7 MB"), 7e6);
  EXPECT_EQ(parsed<Bytes>("7 GB"), 7e9);
  EXPECT_EQ(parsed<Bytes>("7 TB"), 7e12);
  EXPECT_EQ(parsed<Bytes>("7 PB"), 7e15);
  EXPECT_EQ(parsed<Bytes>("4 KiB"), 4096.0);
  EXPECT_EQ(parsed<Bytes>("3 MiB"), 3.0 * 1024 * 1024);
  EXPECT_EQ(parsed<Bytes>("24 GiB"), 24.0 * 1024 * 1024 * 1024);
  EXPECT_EQ(parsed<Bytes>("2 TiB"), 2.0 * 1024 * 1024 * 1024 * 1024);
  EXPECT_EQ(parsed<Seconds>("85 us"), 85e-6);
  EXPECT_EQ(parsed<Seconds>("12 ns"), 12e-9);
  EXPECT_EQ(parsed<Seconds>("0.3 ms"), 0.3e-3);
  EXPECT_EQ(parsed<Watts>("150 mW"), 0.15);
  EXPECT_EQ(parsed<Joules>("1.2 kJ"), 1200.0);
}

TEST(ParseQuantity, ReadsDurationsOfTheCalendar) {
  EXPECT_EQ(parsed<Seconds>("90 s"), 90.0);
  EXPECT_EQ(parsed<Seconds>("5 min"), 300.0);
  EXPECT_EQ(parsed<Seconds>("2 h"), 7200.0);
  EXPECT_EQ(parsed<Seconds>("30 d"), 2592000.0);
}

TEST(ParseQuantity, ConvertsBitsHereAndOnlyHere) {
  EXPECT_EQ(parsed<BytesPerSecond>("2.5 Gbit/s"), 312.5e6);
  EXPECT_EQ(parsed<BytesPerSecond>("1 Mibit/s"), 131072.0);
  EXPECT_EQ(parsed<Bytes>("16 bit"), 2.0);
}

TEST(ParseQuantity, ReadsRatesAndRatios) {
  EXPECT_EQ(parsed<BytesPerSecond>("3.35 TB/s"), 3.35e12);
  EXPECT_EQ(parsed<BytesPerSecond>("60 MB/min"), 1e6);
  EXPECT_EQ(parsed<PerSecond>("2.5 /s"), 2.5);
  EXPECT_EQ(parsed<PerSecond>("120 /min"), 2.0);
  EXPECT_EQ(parsed<FlopsPerSecond>("82.6 Tflop/s"), 82.6e12);
  EXPECT_EQ(parsed<TokensPerSecond>("40 token/s"), 40.0);
  EXPECT_EQ(parsed<SecondsPerToken>("3 ms/token"), 0.003);
  EXPECT_EQ(parsed<SecondsPerByte>("1 ns/B"), 1e-9);
  EXPECT_EQ(parsed<BytesPerToken>("128 KiB/token"), 131072.0);
  EXPECT_EQ(parsed<Watts>("10 J/s"), 10.0);
}

TEST(ParseQuantity, AcceptsSignsExponentsAndAnySpacing) {
  EXPECT_EQ(parsed<Seconds>("-3 s"), -3.0);
  EXPECT_EQ(parsed<Bytes>("1e3B"), 1000.0);
  EXPECT_EQ(parsed<Bytes>("  1.5  kB "), 1500.0);
}

TEST(ParseQuantity, RejectsAmbiguousSpellingsAndListsAcceptedOnes) {
  for (const char* text :
       {"5 Kb",    "5 KB",  "5 mB",     "5 Mbit",  "5 MBps",  "5 MB",      "5",    "",    "MB/s",     "5 MB/s/s",
        "5 MB /s", "5 m/s", "0x10 B/s", "nan B/s", "inf B/s", "1e999 B/s", "5 B/", "5 /", "5,0 MB/s", "5 MB/s x"}) {
    const ParsedQuantity result = parse_in_base_units(text, BytesPerSecond::kDimension);
    EXPECT_FALSE(result.problem.empty()) << text;
  }
  EXPECT_EQ(parse_in_base_units("5 MBps", BytesPerSecond::kDimension).problem,
            "unknown unit \"MBps\", write B/s or bit/s (with k M G T P Ki Mi Gi Ti in front)");
  EXPECT_EQ(parse_in_base_units("5", Seconds::kDimension).problem,
            "the unit is missing, write s (with n u m in front), min, h, d");
  EXPECT_EQ(parse_in_base_units("5 GiB", Seconds::kDimension).problem,
            "\"GiB\" measures something else, write s (with n u m in front), min, h, d");
  EXPECT_THROW(static_cast<void>(parse_quantity<Bytes>("5 Kb")), ConfigError);
}

TEST(FormatQuantity, ChoosesTheShortestTextThatReadsBackExactly) {
  EXPECT_EQ(format_quantity(85_us), "85 us");
  EXPECT_EQ(format_quantity(24_GiB), "24 GiB");
  EXPECT_EQ(format_quantity(Bytes::from_base(1e6)), "1 MB");
  EXPECT_EQ(format_quantity(300_MBps), "300 MB/s");
  EXPECT_EQ(format_quantity(Seconds::from_base(86400.0)), "1 d");
  EXPECT_EQ(format_quantity(Seconds{}), "0 s");
  EXPECT_EQ(format_quantity(PerSecond::from_base(2.5)), "2.5 /s");
  EXPECT_EQ(format_quantity(Watts::from_base(0.35)), "350 mW");
  EXPECT_EQ(format_quantity(-1_ms), "-1 ms");
}

TEST(FormatQuantity, RoundTripsAwkwardNumbers) {
  double value = 1.0 / 3.0;
  for (int i = 0; i < 200; ++i) {
    value *= 1.37;
    EXPECT_EQ(parsed<Seconds>(format_quantity(Seconds::from_base(value))), value);
    EXPECT_EQ(parsed<Bytes>(format_quantity(Bytes::from_base(value))), value);
    EXPECT_EQ(parsed<Watts>(format_quantity(Watts::from_base(1.0 / value))), 1.0 / value);
  }
}

}  // namespace
}  // namespace labtwin
