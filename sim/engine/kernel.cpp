#include "sim/engine/kernel.hpp"

#include <xbt/log.h>
#include <array>
#include <csignal>

#include "models/base/error.hpp"
#include "sim/engine/simgrid_names.hpp"

namespace labtwin {
namespace {

using simgrid_names::Timer;
namespace sg4 = simgrid_names::sg4;

/// SimGrid installs handlers of its own for these and would end the process at Ctrl-C.
class SignalGuard {
 public:
  SignalGuard() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], nullptr, &saved_[i]);
  }
  ~SignalGuard() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &saved_[i], nullptr);
  }
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

 private:
  static constexpr std::array<int, 2> kSignals{SIGINT, SIGSEGV};
  std::array<struct sigaction, 2> saved_{};
};

std::unique_ptr<sg4::Engine> make_engine() {
  static bool is_used = false;
  LABTWIN_CHECK(!is_used, "a second engine in this process; run each replication in a process of its own");
  is_used = true;
  const SignalGuard guard;
  xbt_log_control_set("root.thres:critical");
  // SimGrid obeys options on the command line, so it gets one without any.
  int argc = 1;
  std::string name = "labtwin";
  std::array<char*, 2> argv{name.data(), nullptr};
  auto engine = std::make_unique<sg4::Engine>(&argc, argv.data());
  // A flow takes latency + bytes / bandwidth: no protocol overhead, no share for acknowledgements, no window.
  sg4::Engine::set_config("network/model:CM02");
  sg4::Engine::set_config("network/optim:Lazy");
  sg4::Engine::set_config("network/crosstraffic", false);
  sg4::Engine::set_config("network/TCP-gamma", 0.0);
  return engine;
}

}  // namespace

struct SimgridKernel::State {
  std::function<void(double)> on_timer;
  std::unique_ptr<sg4::Engine> engine = make_engine();
  double origin = sg4::Engine::get_clock();
  Timer* timer = nullptr;
};

SimgridKernel::SimgridKernel(std::function<void(double)> on_timer) : state_(std::make_unique<State>()) {
  state_->on_timer = std::move(on_timer);
}

SimgridKernel::~SimgridKernel() = default;

sg4::Engine& SimgridKernel::engine() const noexcept {
  return *state_->engine;
}

double SimgridKernel::clock() const {
  return sg4::Engine::get_clock() - state_->origin;
}

void SimgridKernel::set_timer(double at) {
  State& state = *state_;
  const double date = state.origin + at;
  if (state.timer != nullptr) {
    if (state.timer->get_date() <= date) return;
    state.timer->remove();
  }
  state.timer = Timer::set(date, [&state, at] {
    state.timer = nullptr;
    state.on_timer(at);
  });
}

void SimgridKernel::stay_at_this_date() {
  // Having called a timer, SimGrid looks whether that, or the end of a flow at this date, has set another.
  const double date = sg4::Engine::get_clock();
  if (state_->timer == nullptr || state_->timer->get_date() > date) Timer::set(date, [] {});
}

void SimgridKernel::run() {
  state_->engine->run();
}

}  // namespace labtwin
