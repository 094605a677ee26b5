#include "models/catalog/entry.hpp"

#include <gtest/gtest.h>

#include <string>

#include "models/base/error.hpp"

namespace labtwin::catalog {
namespace {

constexpr std::string_view kHead = "name = \"Disk\"\nlaw = \"line\"\ngrade = \"fitted\"\n";
constexpr std::string_view kSource = "[source]\ntext = \"fio\"\n";

void read_line_law(const std::string&, TableReader& parameters) {
  static_cast<void>(parameters.required<Seconds>("latency", kPositive));
  TableReader read = parameters.table("read");
  static_cast<void>(read.required<BytesPerSecond>("bandwidth", kPositive));
}

Entry entry_of(const std::string& text) {
  DiagnosticSink sink;
  Entry entry = read_entry(Document::from_text("disk.toml", text), sink, read_line_law);
  sink.throw_if_any();
  return entry;
}

std::string error_of(const std::string& text) {
  try {
    static_cast<void>(entry_of(text));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

const std::string kGood =
    std::string(kHead) + "[parameters]\nlatency = \"85 us\"\nread.bandwidth = \"3 GB/s\"\n" + std::string(kSource);

TEST(CatalogEntry, GivesEveryParameterItsGrade) {
  const Entry entry = entry_of(kGood + "[grades]\nread = \"datasheet\"\n");
  ASSERT_EQ(entry.parameters.size(), 2U);
  EXPECT_EQ(entry.parameters[0].name, "latency");
  EXPECT_EQ(entry.parameters[0].value, "85 us");
  EXPECT_EQ(entry.parameters[0].grade, Grade::Fitted);
  EXPECT_EQ(entry.parameters[1].name, "read.bandwidth");
  EXPECT_EQ(entry.parameters[1].grade, Grade::Datasheet);
}

TEST(CatalogEntry, ReadsFitPriceAndPowerAsDatedInputs) {
  const Entry entry = entry_of(kGood +
                               "[fit]\nset = \"disk/a\"\ndate = 2026-03-01\nsigma = { latency = 0.03 }\n"
                               "[price]\namount = 99.5\ncurrency = \"EUR\"\ndate = \"2026-03-02\"\n"
                               "[power]\nidle = \"50 mW\"\nactive = \"6 W\"\ndate = 2026-03-03\n");
  ASSERT_TRUE(entry.fit && entry.price && entry.power);
  EXPECT_EQ(entry.fit->date, "2026-03-01");
  EXPECT_EQ(entry.fit->sigma.at("latency"), 0.03);
  EXPECT_EQ(entry.price->amount, 99.5);
  EXPECT_EQ(entry.price->date, "2026-03-02");
  EXPECT_EQ(entry.power->idle, Watts::from_base(0.05));
}

TEST(CatalogEntry, ReportsWhatIsMissingAndWhatIsMisspelt) {
  EXPECT_EQ(
      error_of(
          "name = \"Disk\"\nlaw = \"line\"\ngrade = \"fited\"\n[parameters]\nlatency = \"85\"\nred.bandwidth = \"3 GB/s\"\n"
          "[grades]\nlatncy = \"assumed\"\n[price]\namount = 1\ncurrency = \"EUR\"\n"),
      "disk.toml:1:1: source: is missing\n"
      "disk.toml:3:9: grade = \"fited\": must be one of measured, fitted, datasheet, assumed (did you mean \"fitted\"?)\n"
      "disk.toml:4:1: parameters.read: is missing\n"
      "disk.toml:5:11: parameters.latency = \"85\": the unit is missing, write s (with n u m in front), min, h, d\n"
      "disk.toml:6:1: parameters.red: unknown key (did you mean \"read\"?)\n"
      "disk.toml:8:10: grades.latncy = \"assumed\": names no parameter (did you mean \"latency\"?)\n"
      "disk.toml:9:1: price.date: is missing");
}

}  // namespace
}  // namespace labtwin::catalog
