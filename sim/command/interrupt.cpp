#include "sim/command/interrupt.hpp"

#include <csignal>

namespace labtwin::command {
namespace {

volatile std::sig_atomic_t noted = 0;

void note_interrupt(int /*signal*/) {
  noted = 1;
}

}  // namespace

InterruptNoted::InterruptNoted() : before_(std::signal(SIGINT, &note_interrupt)) {}

InterruptNoted::~InterruptNoted() {
  std::signal(SIGINT, before_);
}

bool InterruptNoted::interrupted() noexcept {
  return noted != 0;
}

}  // namespace labtwin::command
