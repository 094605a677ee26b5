#include "models/base/table_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace labtwin {
namespace {

/// A document being read; `mistakes()` finishes the reader and gives the diagnostics as text.
class Reading {
 public:
  explicit Reading(std::string_view text, std::vector<Override> overrides = {})
      : root(Document::from_text("t.toml", text, overrides), sink) {}

  std::vector<std::string> mistakes() {
    root.finish();
    std::vector<std::string> texts;
    try {
      sink.throw_if_any();
    } catch (const ConfigError& error) {
      for (const Diagnostic& diagnostic : error.diagnostics()) texts.push_back(diagnostic.text());
    }
    return texts;
  }

  DiagnosticSink sink;
  TableReader root;
};

using Lines = std::vector<std::string>;

std::string message_of(auto&& action) {
  try {
    action();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(TableReader, ReadsTypedValues) {
  Reading reading(
      "horizon = \"2 h\"\nseed = 7\nshare = 0.25\nname = \"a\"\non = true\nsizes = [\"1 KiB\", \"2 KiB\"]\n"
      "mode = \"fast\"\n[inner]\nrate = \"3 /s\"\n[[slo]]\nlimit = 1\n[[slo]]\nlimit = 2\n[services.b]\nx = 1\n[services.a]\nx "
      "= 2\n");
  enum class Mode { Slow, Fast };
  EXPECT_EQ(reading.root.required<Seconds>("horizon"), 7200_s);
  EXPECT_EQ(reading.root.required<std::uint64_t>("seed"), 7U);
  EXPECT_EQ(reading.root.required<double>("share", kFraction), 0.25);
  EXPECT_EQ(reading.root.required<std::string>("name"), "a");
  EXPECT_TRUE(reading.root.required<bool>("on"));
  EXPECT_EQ(reading.root.list<Bytes>("sizes"), (std::vector<Bytes>{1_KiB, 2_KiB}));
  EXPECT_EQ(reading.root.enumeration<Mode>("mode", {{"slow", Mode::Slow}, {"fast", Mode::Fast}}), Mode::Fast);
  EXPECT_EQ(reading.root.optional<Bytes>("limit"), std::nullopt);
  EXPECT_EQ(reading.root.value_or<int>("retries", 3), 3);
  EXPECT_EQ(reading.root.table("inner").required<PerSecond>("rate"), 3_per_s);
  std::vector<int> limits;
  for (TableReader& slo : reading.root.tables("slo")) limits.push_back(slo.required<int>("limit"));
  EXPECT_EQ(limits, (std::vector<int>{1, 2}));
  Lines names;
  for (TableReader& service : reading.root.named_tables("services")) {
    names.push_back(service.name());
    EXPECT_EQ(service.required<int>("x"), static_cast<int>(names.size()));
  }
  EXPECT_EQ(names, (Lines{"b", "a"}));  // the order of the file
  EXPECT_EQ(reading.mistakes(), Lines{});
}

TEST(TableReader, ReportsEveryMistakeWithItsPlaceInOrderOfTheFile) {
  Reading reading("bandwith = \"1 GB/s\"\nrate = \"-3 /s\"\nsize = 5\ncount = 2.5\n\n[disk]\nkind = \"nvm\"\n");
  enum class Kind { Nvme, Hdd };
  static_cast<void>(reading.root.optional<BytesPerSecond>("bandwidth"));
  static_cast<void>(reading.root.required<PerSecond>("rate", kPositive));
  static_cast<void>(reading.root.required<Bytes>("size"));
  static_cast<void>(reading.root.required<int>("count"));
  TableReader disk = reading.root.table("disk");
  static_cast<void>(disk.enumeration<Kind>("kind", {{"nvme", Kind::Nvme}, {"hdd", Kind::Hdd}}));
  static_cast<void>(disk.required<std::string>("part"));
  EXPECT_EQ(
      reading.mistakes(),
      (Lines{"t.toml:1:1: bandwith: unknown key (did you mean \"bandwidth\"?)", "t.toml:2:8: rate = \"-3 /s\": must be > 0 /s",
             "t.toml:3:8: size = 5: must be a string with a number and a unit: B or bit (with k M G T P Ki Mi Gi Ti in front)",
             "t.toml:4:9: count = 2.5: must be an integer, not a number", "t.toml:6:1: disk.part: is missing",
             "t.toml:7:8: disk.kind = \"nvm\": must be one of nvme, hdd (did you mean \"nvme\"?)"}));
}

TEST(TableReader, AMissingTableIsOneMistakeNotMany) {
  Reading reading("x = 1\n");
  TableReader inner = reading.root.table("inner");
  EXPECT_EQ(inner.required<Seconds>("delay"), Seconds{});
  static_cast<void>(inner.distribution<Seconds>("think_time"));
  static_cast<void>(inner.table("more").required<int>("n"));
  static_cast<void>(reading.root.optional<int>("x"));
  EXPECT_EQ(reading.mistakes(), Lines{"t.toml:1:1: inner: is missing"});
}

TEST(TableReader, ReadsDistributions) {
  Reading reading(
      "a = \"5 s\"\nb = { distribution = \"lognormal\", median = \"20 s\", p90 = \"60 s\" }\n"
      "c = { distribution = \"empirical\", quantiles = [[0, 1], [0.5, 3], [1, 9]] }\nd = { distribution = \"gama\" }\n"
      "e = { distribution = \"lognormal\", median = \"20 s\", p90 = \"6 s\", p95 = 3 }\n");
  EXPECT_EQ(reading.root.distribution<Seconds>("a").quantile(0.3), 5_s);
  EXPECT_NEAR(reading.root.distribution<Seconds>("b").quantile(0.9).value(), 60.0, 1e-9);
  EXPECT_EQ(reading.root.distribution<double>("c").quantile(0.75), 6.0);
  static_cast<void>(reading.root.distribution<double>("d"));
  static_cast<void>(reading.root.distribution<Seconds>("e"));
  EXPECT_EQ(reading.mistakes(),
            (Lines{"t.toml:4:22: d.distribution = \"gama\": must be one of constant, uniform, exponential, lognormal, gamma, "
                   "weibull, empirical (did you mean \"gamma\"?)",
                   "t.toml:5:5: e = {...}: p90 must be at least the median, and the median > 0",
                   "t.toml:5:65: e.p95: unknown key (did you mean \"p90\"?)"}));
}

TEST(TableReader, DroppedWithoutFinishTripsACheck) {
  DiagnosticSink sink;
  EXPECT_THROW(TableReader(Document::from_text("t.toml", "x = 1"), sink), InternalError);
}

TEST(Overrides, ReplaceAddAndReachIntoArrays) {
  Reading reading(
      "seed = 1\n[[slo]]\nname = \"p95\"\nlimit = 1\n[[slo]]\nname = \"p99\"\nlimit = 2\n[services.etl]\nrate = \"1 MB/s\"\n",
      {{"seed", "9"},
       {"slo.p99.limit", "5"},
       {"slo.0.limit", "4"},
       {"services.etl.rate", "200 MB/s"},
       {"services.etl.window", "{ depth = 8 }"}});
  EXPECT_EQ(reading.root.required<int>("seed"), 9);
  std::vector<TableReader> slos = reading.root.tables("slo");
  EXPECT_EQ(slos.at(0).required<int>("limit"), 4);
  EXPECT_EQ(slos.at(1).required<int>("limit"), 5);
  for (TableReader& slo : slos) static_cast<void>(slo.required<std::string>("name"));
  TableReader etl = std::move(reading.root.named_tables("services").at(0));
  EXPECT_EQ(etl.required<BytesPerSecond>("rate"), 200_MBps);
  EXPECT_EQ(etl.table("window").required<int>("depth"), 8);
  EXPECT_EQ(reading.mistakes(), Lines{});
}

TEST(Overrides, AreNamedAsPlaceOfTheirMistakes) {
  Reading reading("seed = 1\n", {{"seed", "\"x\""}, {"sed", "2"}});
  static_cast<void>(reading.root.required<int>("seed"));
  EXPECT_EQ(reading.mistakes(), (Lines{"override: seed = \"x\": must be an integer, not a string",
                                       "override: sed: unknown key (did you mean \"seed\"?)"}));
  const auto apply = [](std::string key) {
    const std::vector<Override> overrides{{std::move(key), "1"}};
    return message_of(
        [&] { static_cast<void>(Document::from_text("t", "[[slo]]\nname = \"p95\"\n[services.etl]\nx = 1\n", overrides)); });
  };
  EXPECT_EQ(apply("services.elt.x"), "override: services.elt.x: there is no \"elt\" (did you mean \"etl\"?)");
  EXPECT_EQ(apply("slo.p59.x"), "override: slo.p59.x: no item is named \"p59\": p95 (did you mean \"p95\"?)");
  EXPECT_EQ(apply("slo.3.x"), "override: slo.3.x: there are 1 items, counted from 0");
  EXPECT_EQ(apply("services.etl.x.y"), "override: services.etl.x.y: \"y\" is inside an integer, not a table");
  EXPECT_EQ(apply("services..x"), "override: services..x: is not a dotted key such as services.etl.rate_limit");
}

TEST(Document, RefusesWhatIsNoDocumentWithOneLine) {
  const auto parse = [](std::string_view text) {
    return message_of([&] { static_cast<void>(Document::from_text("t.toml", text)); });
  };
  EXPECT_EQ(parse("a = 1\na = 2\n"), "t.toml:2:5: cannot redefine existing integer 'a'");
  EXPECT_NE(parse("a = \"\xff\xfe\"\n"), "no error");
  EXPECT_NE(parse("a = 99999999999999999999\n"), "no error");
  EXPECT_EQ(parse("a = " + std::string(100000, '[')), "t.toml:1:1: is nested too deeply");
  std::string dotted = "\na";
  for (int i = 0; i < 100000; ++i) dotted += ".a";
  EXPECT_EQ(parse(dotted + " = 1\n"), "t.toml:2:1: is nested too deeply");
  EXPECT_EQ(parse("a = \"" + std::string(1000, '.') + "\" # " + std::string(1000, '.')), "no error");
  EXPECT_EQ(parse(""), "no error");
  EXPECT_EQ(message_of([] { static_cast<void>(Document::read("/")); }), "/: is a directory, not a file");
  EXPECT_EQ(message_of([] { static_cast<void>(Document::read("/missing.toml")); }),
            "/missing.toml: cannot be read: No such file or directory");
}

TEST(Value, WritesTomlThatReadsBackTheSame) {
  const std::string text = R"({ a = [1, 2.5, true], "b c" = "q\"\\\u000A", d = {}, e = 1e+300, f = 2.0 })";
  const Value value = parse_value(text, {"t", 1, 1});
  EXPECT_EQ(value.to_toml(), text);
  EXPECT_EQ(parse_value("200 MB/s", {}).to_toml(), "\"200 MB/s\"");
}

}  // namespace
}  // namespace labtwin
