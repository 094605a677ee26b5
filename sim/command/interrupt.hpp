#pragma once

namespace labtwin::command {

/// Turns Ctrl-C into a flag while it lives. One at a time.
class InterruptNoted {
 public:
  InterruptNoted();
  InterruptNoted(const InterruptNoted&) = delete;
  InterruptNoted& operator=(const InterruptNoted&) = delete;
  ~InterruptNoted();

  [[nodiscard]] static bool interrupted() noexcept;

 private:
  void (*before_)(int);
};

}  // namespace labtwin::command
