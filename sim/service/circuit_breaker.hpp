#pragma once

#include <cstdint>
#include <optional>

#include "models/base/units.hpp"

namespace labtwin::service {

struct BreakerPolicy {
  std::uint32_t num_failures = 5;  ///< in a row, after which the circuit opens
  Seconds open_for;
};

/// Keeps a client from calling a service that fails: after so many failures in a row calls are refused for a while, then one
/// is let through to try; if it fails too, the circuit stays open for as long again. Without a policy everything passes.
class CircuitBreaker {
 public:
  explicit CircuitBreaker(const std::optional<BreakerPolicy>& policy) noexcept : policy_(policy) {}

  /// Whether a call may go out now. One that may is to be reported.
  [[nodiscard]] bool admit(Seconds now) noexcept {
    if (!policy_ || num_failures_ < policy_->num_failures) return true;
    if (now < open_until_ || is_trying_) return false;
    is_trying_ = true;
    return true;
  }
  void report(Seconds now, bool has_succeeded) noexcept {
    is_trying_ = false;
    num_failures_ = has_succeeded ? 0 : num_failures_ + 1;
    if (policy_ && num_failures_ >= policy_->num_failures) open_until_ = now + policy_->open_for;
  }

 private:
  std::optional<BreakerPolicy> policy_;
  std::uint32_t num_failures_ = 0;
  Seconds open_until_;
  bool is_trying_ = false;
};

}  // namespace labtwin::service
