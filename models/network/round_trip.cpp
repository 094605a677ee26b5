#include "models/network/round_trip.hpp"

#include <algorithm>

namespace labtwin::network {
namespace {

constexpr std::int64_t kLongestTimeoutUs = 120'000'000;

}  // namespace

void RoundTrip::sample(std::int64_t microseconds, bool is_new_window) {
  std::int64_t m = std::max<std::int64_t>(microseconds, 1);
  if (smoothed8_ == 0) {
    smoothed8_ = m << 3;
    deviation4_ = m << 1;
    variance_ = std::max(deviation4_, kMinimumTimeoutUs);
    largest_deviation4_ = variance_;
  } else {
    m -= smoothed8_ >> 3;
    smoothed8_ += m;
    if (m < 0) {
      m = -m - (deviation4_ >> 2);
      if (m > 0) m >>= 3;  // a falling round trip is no reason for a longer timeout
    } else {
      m -= deviation4_ >> 2;
    }
    deviation4_ += m;
    if (deviation4_ > largest_deviation4_) {
      largest_deviation4_ = deviation4_;
      variance_ = std::max(variance_, largest_deviation4_);
    }
    if (is_new_window) {
      if (largest_deviation4_ < variance_) variance_ -= (variance_ - largest_deviation4_) >> 2;
      largest_deviation4_ = kMinimumTimeoutUs;
    }
  }
  timeout_ = clock_.to_ticks(std::min((smoothed8_ >> 3) + variance_, kLongestTimeoutUs));
}

void RoundTrip::sample_minimum(std::int64_t microseconds) noexcept {
  minimum_ = std::min(minimum_, std::max<std::int64_t>(microseconds, 1));
}

void RoundTrip::back_off() noexcept {
  timeout_ = std::min(timeout_ * 2, clock_.to_ticks(kLongestTimeoutUs));
}

}  // namespace labtwin::network
