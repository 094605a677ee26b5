#include "sim/run/worker_process.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <vector>

namespace labtwin {
namespace {

/// A worker written in shell.
std::filesystem::path script(const std::string& name, const std::string& body) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / name;
  std::ofstream(path) << "#!/bin/sh\n" << body;
  ::chmod(path.c_str(), 0700);
  return path;
}

std::vector<std::string> lines_of(const std::filesystem::path& program, const std::string& request) {
  std::vector<std::string> lines;
  converse_with_worker(request, {.program = program, .interrupted = {}},
                       [&](std::string_view line) { lines.emplace_back(line); });
  return lines;
}

std::string error_of(const std::filesystem::path& program) {
  try {
    (void)lines_of(program, "{}");
  } catch (const WorkerError& error) {
    return error.what();
  }
  return "none";
}

TEST(WorkerProcess, HandsOverTheRequestAndReturnsItsLines) {
  const auto echo = script("worker_echo.sh", "cat; echo; echo second\n");
  EXPECT_EQ(lines_of(echo, "{\"task\":1}"), (std::vector<std::string>{"{\"task\":1}", "second"}));
}

TEST(WorkerProcess, SaysHowAWorkerEnded) {
  EXPECT_EQ(error_of(script("worker_killed.sh", "kill -9 $$\n")),
            "the simulation worker was ended by signal 9 (Killed); no answer");
  EXPECT_EQ(error_of(script("worker_failed.sh", "exit 3\n")), "the simulation worker ended with status 3; no answer");
  EXPECT_EQ(error_of("/nowhere/labtwin-worker"), "/nowhere/labtwin-worker: the simulation worker cannot be started");
}

TEST(WorkerProcess, StopsItAndItsChildrenWithinASecondWhenAsked) {
  const auto sleeper = script("worker_sleep.sh", "sleep 600 & sleep 600\n");
  const auto start = std::chrono::steady_clock::now();
  const bool finished =
      converse_with_worker("{}", {.program = sleeper, .interrupted = [] { return true; }}, [](std::string_view) {});
  EXPECT_FALSE(finished);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

}  // namespace
}  // namespace labtwin
