#include "models/serving/usual_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "models/catalog/catalog.hpp"
#include "models/registry.hpp"

namespace labtwin::serving {
namespace {

double median_bandwidth(const std::function<bool(const ProcessorSpec&)>& counts) {
  const catalog::Catalog catalog;
  std::vector<double> rates;
  for (const std::string& part : catalog.parts("cpus")) {
    const ProcessorSpec spec = load_processor(catalog, part).spec;
    if (spec.memory_channels && counts(spec)) rates.push_back(spec.memory_bandwidth.value());
  }
  std::sort(rates.begin(), rates.end());
  return rates.at(rates.size() / 2);
}

TEST(UsualMemory, IsTheMedianOfTheCatalog) {
  const auto desktop = [](std::string_view type) {
    return median_bandwidth([type](const ProcessorSpec& cpu) { return *cpu.memory_channels == 2 && cpu.memory_type == type; });
  };
  EXPECT_DOUBLE_EQ(kDdr4Desktop.value(), desktop("DDR4"));
  EXPECT_DOUBLE_EQ(kDdr5Desktop.value(), desktop("DDR5"));
  const auto server = [](const ProcessorSpec& cpu) { return *cpu.memory_channels >= 6 && cpu.memory_type.starts_with("DDR"); };
  EXPECT_DOUBLE_EQ(kServerMemory.value(), median_bandwidth(server));
}

TEST(UsualMemory, IsOfTheCardsYears) {
  EXPECT_EQ(usual_memory_bandwidth("Blackwell", 20_GiB), kDdr5Desktop);
  EXPECT_EQ(usual_memory_bandwidth("Ampere", 20_GiB), kDdr4Desktop);
  EXPECT_EQ(usual_memory_bandwidth("", 20_GiB), kDdr4Desktop);
}

TEST(UsualMemory, IsAServersWhereADesktopHasNoRoom) {
  EXPECT_EQ(usual_memory_bandwidth("Ampere", 128_GiB), kDdr4Desktop);
  EXPECT_EQ(usual_memory_bandwidth("Ampere", 129_GiB), kServerMemory);
  EXPECT_EQ(usual_memory_bandwidth("Ada Lovelace", 129_GiB), kDdr5Desktop);
  EXPECT_EQ(usual_memory_bandwidth("Ada Lovelace", 193_GiB), kServerMemory);
}

}  // namespace
}  // namespace labtwin::serving
