#pragma once

#include <functional>
#include <memory>

namespace simgrid::s4u {
class Engine;
}

namespace labtwin {

/// SimGrid itself: configured once, for exact bytes and exact dates, with the run's own origin of time. What it changes in
/// the process (handlers of signals) is put back.
class SimgridKernel {
 public:
  /// `on_timer` is called with the date for which the timer was set.
  explicit SimgridKernel(std::function<void(double)> on_timer);
  ~SimgridKernel();
  SimgridKernel(const SimgridKernel&) = delete;
  SimgridKernel& operator=(const SimgridKernel&) = delete;

  [[nodiscard]] simgrid::s4u::Engine& engine() const noexcept;
  /// Since the kernel was made.
  [[nodiscard]] double clock() const;
  /// Calls on_timer at this date at the latest: a timer that is already set for earlier stays.
  void set_timer(double at);
  /// For callbacks of SimGrid as its clock moves: a timer that is set for this date before the next move is called before the
  /// links are shared anew. Otherwise SimGrid shares them once between the end of a flow and whatever starts because of it.
  void stay_at_this_date();
  /// Returns when nothing is pending, or throws what on_timer threw, with everything pending left as it is.
  void run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace labtwin
