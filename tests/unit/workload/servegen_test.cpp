#include "models/workload/servegen.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "models/base/error.hpp"

namespace labtwin::workload {
namespace {

constexpr const char* kWindowColumns =
    "category,model,client_chunk,window_start_s,rate_per_s,cv,arrival_family,param1,param2\n";
constexpr const char* kLengthColumns = "category,model,client_chunk,mean_rate_per_s,field,p10,p25,p50,p75,p90,p95,p99,mean\n";
constexpr const char* kOwnLengths =
    "language,small,1,2,input_tokens,10,20,40,80,100,110,120,60\n"
    "language,small,1,2,output_tokens,1,2,4,8,16,20,40,7\n";
constexpr const char* kAllLengths =
    "language,small,top12_weighted_by_rate,2,input_tokens,5,5,5,5,5,5,5,5\n"
    "language,small,top12_weighted_by_rate,2,output_tokens,3,3,3,3,3,3,3,3\n";

class Servegen : public testing::Test {
 protected:
  ServegenSelection files(const std::string& windows, const std::string& lengths) {
    std::ofstream(folder_ / "windows.csv") << kWindowColumns << windows;
    std::ofstream(folder_ / "lengths.csv") << kLengthColumns << lengths;
    return {.windows = folder_ / "windows.csv", .lengths = folder_ / "lengths.csv", .model = "small"};
  }
  std::vector<TraceRequest> draw(const ServegenSelection& selection, double scale, std::uint64_t seed) {
    ServegenRequests requests(std::make_shared<const ServegenClients>(read_servegen(selection)), scale, RandomSource(seed, 0));
    std::vector<TraceRequest> all;
    while (auto request = requests.next()) all.push_back(std::move(*request));
    return all;
  }
  std::string mistakes(const ServegenSelection& selection) {
    try {
      (void)read_servegen(selection);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "none";
  }
  ~Servegen() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_ = [] {
    std::filesystem::path folder =
        std::filesystem::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder);
    return folder;
  }();
};

std::string windows_of(const std::string& family, double cv, int num_windows) {
  std::string rows;
  for (int i = 0; i < num_windows; ++i) {
    rows += "language,small,1," + std::to_string(600 * i) + ",2," + std::to_string(cv) + "," + family + ",1,1\n";
  }
  return rows;
}

TEST_F(Servegen, HasRateAndVariationOfItsWindows) {
  for (const std::string family : {"Gamma", "Weibull"}) {
    const auto requests = draw(files(windows_of(family, 2.0, 200), kOwnLengths), 1.0, 7);
    // 2 /s for 120,000 s; a renewal process varies by cv x sqrt(n).
    EXPECT_NEAR(static_cast<double>(requests.size()), 240000.0, 4.0 * 2.0 * std::sqrt(240000.0)) << family;
    double sum = 0.0;
    double squares = 0.0;
    for (std::size_t i = 1; i < requests.size(); ++i) {
      const double gap = (requests[i].at - requests[i - 1].at).value();
      ASSERT_GE(gap, 0.0);
      sum += gap;
      squares += gap * gap;
    }
    const double n = static_cast<double>(requests.size() - 1);
    const double mean = sum / n;
    EXPECT_NEAR(std::sqrt(squares / n - mean * mean) / mean, 2.0, 0.05) << family;
  }
}

TEST_F(Servegen, AsksAsOftenAsTheScaleSaysHoweverFewThatAre) {
  // Twelve requests to be expected, of bursts of which a fresh start would add (cv^2 - 1) / 2 each time.
  for (const std::string family : {"Gamma", "Weibull"}) {
    const ServegenSelection selection = files(windows_of(family, 4.0, 10), kOwnLengths);
    double sum = 0.0;
    constexpr std::uint64_t kRuns = 2000;
    for (std::uint64_t seed = 0; seed < kRuns; ++seed) sum += static_cast<double>(draw(selection, 1e-3, seed).size());
    const double num_runs = static_cast<double>(kRuns);
    EXPECT_NEAR(sum / num_runs, 12.0, 4.0 * 4.0 * std::sqrt(12.0 / num_runs) * 1.5) << family;
  }
}

TEST_F(Servegen, FollowsTheRateFromWindowToWindow) {
  const std::string rows =
      "language,small,1,0,10,0.5,Gamma,1,1\n"
      "language,small,1,1200,1,0.5,Gamma,1,1\n"
      "language,other,1,0,500,1,Gamma,1,1\n";
  std::vector<int> count(3);
  for (const TraceRequest& request : draw(files(rows, kOwnLengths), 1.0, 3)) {
    ++count.at(static_cast<std::size_t>(request.at.value() / 600.0));
  }
  EXPECT_NEAR(count[0], 6000, 4.0 * 0.5 * std::sqrt(6000.0));
  EXPECT_EQ(count[1], 0);
  EXPECT_NEAR(count[2], 600, 4.0 * 0.5 * std::sqrt(600.0) + 1.0);
  ServegenSelection later = files(rows, kOwnLengths);
  later.start = Seconds::from_base(1500.0);
  const auto rest = draw(later, 1.0, 3);
  EXPECT_NEAR(static_cast<double>(rest.size()), 300.0, 4.0 * 0.5 * std::sqrt(300.0) + 1.0);
  EXPECT_LT(rest.back().at.value(), 300.0);
}

TEST_F(Servegen, HasTheLengthsOfItsClients) {
  const std::string rows = windows_of("Gamma", 1.0, 100) + "language,small,2,0,2,1,Gamma,1,1\n";
  double own = 0.0;
  double prompts = 0.0;
  double short_ones = 0.0;
  for (const TraceRequest& request : draw(files(rows, std::string(kOwnLengths) + kAllLengths), 1.0, 5)) {
    if (request.prompt_tokens == 5.0 && request.output_tokens == 3.0) continue;
    ++own;
    prompts += request.prompt_tokens;
    if (request.prompt_tokens <= 40.0) ++short_ones;
  }
  EXPECT_NEAR(own, 120000.0, 4.0 * std::sqrt(120000.0));
  EXPECT_NEAR(short_ones / own, 0.5, 4.0 * 0.5 / std::sqrt(own));
  // The published mean, which the straight lines alone miss; the tail above p99 makes up for it.
  EXPECT_NEAR(prompts / own, 60.0, 4.0 * 130.0 / std::sqrt(own));
}

TEST_F(Servegen, SaysWhatIsWrong) {
  const std::string row = "language,small,1,0,2,1,Gamma,1,1\n";
  const auto is_told = [&](const ServegenSelection& selection, const std::string& rule) {
    EXPECT_NE(mistakes(selection).find(rule), std::string::npos) << mistakes(selection);
  };
  is_told(files("language,small,1,0,-2,1,Gamma,1,1\n", kOwnLengths),
          R"(windows.csv:2:1: rate_per_s = "-2": must be a number > 0)");
  is_told(files("language,small,1,0,2,1,Pareto,1,1\n", kOwnLengths), R"(arrival_family = "Pareto": must be Gamma or Weibull)");
  is_told(files("language,small,2,0,2,1,Gamma,1,1\n", kOwnLengths), "no row top12_weighted_by_rate for all others");
  is_told(files(row, "language,small,1,2,input_tokens,10,5,40,80,100,110,120,60\n"), "must not be below the quantile before");
  ServegenSelection other = files(row, kOwnLengths);
  other.model = "smal";
  is_told(other, "model = smal: has no lengths here: one of small (did you mean \"small\"?)");
  other.model = "small";
  other.start = Seconds::from_base(3600.0);
  is_told(other, "has no windows at or behind the start");
}

}  // namespace
}  // namespace labtwin::workload
