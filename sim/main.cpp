// The `labtwin` command: parses the command line, runs one verb, turns errors into one message and an exit status.

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <system_error>

#include "models/base/error.hpp"
#include "sim/command/capacity.hpp"
#include "sim/command/capture.hpp"
#include "sim/command/check.hpp"
#include "sim/command/command_line.hpp"
#include "sim/command/fit.hpp"
#include "sim/command/fit_model.hpp"
#include "sim/command/parts.hpp"
#include "sim/command/run.hpp"
#include "sim/command/topology.hpp"
#include "sim/command/validate.hpp"

namespace {

using labtwin::command::AddVerb;
using labtwin::command::CommandLine;

constexpr int kWrongInput = 2;

constexpr std::array<AddVerb, 9> kVerbs = {
    &labtwin::command::add_capacity, &labtwin::command::add_capture,   &labtwin::command::add_check,
    &labtwin::command::add_fit,      &labtwin::command::add_fit_model, &labtwin::command::add_parts,
    &labtwin::command::add_run,      &labtwin::command::add_topology,  &labtwin::command::add_validate,
};

int run(int argc, char** argv) {
  CommandLine line("labtwin", "labtwin: a digital twin of a homelab AI stack", LABTWIN_VERSION);
  for (AddVerb add : kVerbs) add(line);
  return line.run(argc, argv);
}

/// An answer that did not reach its reader is no answer: a full disk shows when the buffer is written, at the latest here.
void flush_answer() {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  throw std::system_error(errno, std::generic_category(), "standard output: cannot be written");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int status = run(argc, argv);
    flush_answer();
    return status;
  } catch (const labtwin::InternalError& error) {
    fmt::print(stderr, "labtwin: this is a defect of labtwin, please report it: {}\n", error.what());
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
  return kWrongInput;
}
