// Feeds mutilated files to the readers for some seconds. Whatever a file says, a reader either takes it or throws ConfigError;
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
#include <string>
#include <string_view>
#include <vector>

#include "models/base/error.hpp"
#include "models/catalog/entry.hpp"
#include "models/registry.hpp"
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

/// A reader and the files it reads when they are right.
struct Target {
  std::string_view name;
  std::string_view folder;
  void (*read)(const std::string& text);
};
constexpr std::array kTargets = {Target{"drives", "models/catalog/drives", &read_drive}};

std::vector<std::string> texts_below(const fs::path& folder) {
  std::vector<std::string> texts = {"name = \"x\"\n[table]\nkey = [1, \"2 GB/s\", { a = true }]\n"};
  if (!fs::exists(folder)) return texts;
  for (const auto& item : fs::recursive_directory_iterator(folder)) {
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
    Mutator mutator(texts_below(root / target.folder), seed);
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
