// Feeds mutilated texts to the readers for some seconds. Whatever a text says, a reader either takes it or throws ConfigError;
// anything else (another exception, a crash, five seconds on one input) fails, and the input is left in `fuzz_failure.toml`.
//
//   labtwin_fuzz ROOT SECONDS [SEED]

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/csv.hpp"
#include "models/base/error.hpp"
#include "models/catalog/data_folder.hpp"
#include "models/catalog/entry.hpp"
#include "models/registry.hpp"
#include "sim/scenario/lab.hpp"
#include "sim/scenario/scenario.hpp"
#include "tests/fuzz/kept_input.hpp"
#include "tests/fuzz/mutator.hpp"

namespace {

namespace fs = std::filesystem;
using labtwin::fuzz::Mutator;

constexpr const char* kFailureFile = "fuzz_failure.toml";
constexpr unsigned kHangSeconds = 5;

void read_drive(const std::string& text) {
  labtwin::DiagnosticSink sink;
  const auto document = labtwin::Document::from_text("input.toml", text);
  static_cast<void>(labtwin::catalog::read_entry(document, sink, [](const std::string& law, labtwin::TableReader& parameters) {
    labtwin::check_parameters("drives", law, parameters);
  }));
  sink.throw_if_any();
}

void read_lab_file(const std::string& text) {
  labtwin::DiagnosticSink sink;
  labtwin::TableReader root(labtwin::Document::from_text("input.toml", text), sink);
  static_cast<void>(labtwin::read_lab(root, labtwin::catalog::Catalog()));
  root.finish();
  sink.throw_if_any();
}

void read_scenario(const std::string& text) {
  const fs::path scenarios = labtwin::catalog::find_data_folder().scenarios;
  const labtwin::Scenario scenario = labtwin::Scenario::read({"input.toml", text, scenarios, {}});
  // What was accepted must be sayable.
  static_cast<void>(labtwin::resolved_json(scenario));
}

void read_distribution(const std::string& text) {
  labtwin::DiagnosticSink sink;
  labtwin::TableReader root(labtwin::Document::from_text("input.toml", text), sink);
  for (const std::string& key : root.keys()) {
    const auto distribution = root.distribution<labtwin::Seconds>(key);
    const double value = distribution.quantile(0.5).value();
    if (!(value >= 0.0)) throw std::logic_error("the median of a distribution that was accepted is negative or no number");
  }
  root.finish();
  sink.throw_if_any();
}

/// The first line of the text is the key of an override, the second its value.
void apply_override(const std::string& text) {
  constexpr std::string_view kDocument =
      "seed = 1\n[[slo]]\nname = \"p95\"\n[services.etl]\nrate = \"1 MB/s\"\nlist = [1, [2]]\n";
  const std::size_t end = text.find('\n');
  const std::string value = end == std::string::npos ? "" : text.substr(end + 1);
  const std::vector<labtwin::Override> overrides{{text.substr(0, end), value}};
  const auto document = labtwin::Document::from_text("input.toml", kDocument, overrides);
  // What was written must read back.
  static_cast<void>(labtwin::Document::from_text("again.toml", "again = " + document.root().to_toml()));
}

void read_csv(const std::string& text) {
  const auto table = labtwin::CsvTable::from_text("input.csv", text);
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    for (std::size_t column = 0; column < table.columns().size(); ++column) static_cast<void>(table.number(row, column));
  }
}

void read_quantity(const std::string& text) {
  const auto quantity = labtwin::parse_quantity<labtwin::BytesPerSecond>(text);
  if (labtwin::parse_quantity<labtwin::BytesPerSecond>(labtwin::format_quantity(quantity)) != quantity) {
    throw std::logic_error("a quantity does not read back");
  }
}

/// A reader, a right text and where more of them lie.
struct Target {
  std::string_view name;
  void (*read)(const std::string& text);
  std::string_view right;
  std::string_view folder;
};
constexpr std::string_view kTable = "name = \"x\"\n[table]\nkey = [1, \"2 GB/s\", { a = true }]\n";
constexpr std::string_view kDistributions =
    "a = \"5 s\"\nb = { distribution = \"lognormal\", median = \"20 s\", p90 = \"60 s\" }\n"
    "c = { distribution = \"empirical\", quantiles = [[0, \"1 s\"], [0.5, \"3 s\"], [1, \"9 s\"]] }\n"
    "d = { distribution = \"gamma\", mean = \"2 s\", cv = 0.5 }\ne = { distribution = \"weibull\", mean = \"2 s\", shape = 0.5 "
    "}\n";
constexpr std::array kTargets = {
    Target{"drives", &read_drive, kTable, "models/catalog/drives"},
    Target{"labs", &read_lab_file, kTable, "scenarios/labs"},
    Target{"scenarios", &read_scenario, kTable, "scenarios"},
    Target{"mistakes", &read_scenario, kTable, "tests/support/bad"},
    Target{"distributions", &read_distribution, kDistributions, ""},
    Target{"overrides", &apply_override, "services.etl.\"rate\"\n\"200 MB/s\"", ""},
    Target{"csv", &read_csv, "name,iops,\"a, b\"\r\nfast,1.5e5,\"say \"\"x\"\"\"\r\nslow,,\r\n", ""},
    Target{"quantities", &read_quantity, "3.35 TB/s", ""},
};

std::vector<std::string> right_texts(const Target& target, const fs::path& root) {
  std::vector<std::string> texts = {std::string(target.right)};
  const fs::path folder = root / target.folder;
  if (target.folder.empty() || !fs::exists(folder)) return texts;
  for (const auto& item : fs::directory_iterator(folder)) {
    if (item.path().extension() != ".toml") continue;
    std::ostringstream text;
    text << std::ifstream(item.path()).rdbuf();
    texts.push_back(text.str());
  }
  return texts;
}

/// False if the reader broke its promise.
bool survives(const Target& target, const std::string& text) {
  alarm(kHangSeconds);
  try {
    target.read(text);
  } catch (const labtwin::ConfigError& error) {
    if (std::string_view(error.what()).empty()) return false;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {} (input in {})\n", target.name, error.what(), kFailureFile);
    return false;
  }
  return true;
}

template <class Number>
Number number(std::string_view text, Number fallback) {
  Number value = fallback;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

int fuzz(std::span<char*> arguments) {
  const fs::path root = arguments[1];
  const auto seconds = std::chrono::duration<double>(number<double>(arguments[2], 1.0));
  const auto seed = arguments.size() > 3 ? number<std::uint64_t>(arguments[3], 1) : 1;
  std::uint64_t num_inputs = 0;
  labtwin::fuzz::KeptInput input(kFailureFile);
  for (const Target& target : kTargets) {
    Mutator mutator(right_texts(target, root), seed);
    const auto end = std::chrono::steady_clock::now() + seconds / kTargets.size();
    for (; std::chrono::steady_clock::now() < end; ++num_inputs) {
      const std::string text = mutator.next();
      input.keep(text);
      if (!survives(target, text)) return 1;
    }
  }
  alarm(0);
  fs::remove(kFailureFile);
  fmt::print("{} mutilated files, each read or refused with its place\n", num_inputs);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: labtwin_fuzz ROOT SECONDS [SEED]\n");
    return 2;
  }
  return fuzz(std::span(argv, static_cast<std::size_t>(argc)));
}
