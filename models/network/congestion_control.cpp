#include "models/network/congestion_control.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace labtwin::network {
namespace {

// Fixed point of tcp_cubic.c: 1024ths; beta = 717 / 1024, C = 410 / 1024.
constexpr std::int64_t kScale = 1024;
constexpr std::int64_t kBeta = 717;
constexpr std::int64_t kCubeScale = 410;
constexpr std::int64_t kRenoScale = 8 * (kScale + kBeta) / 3 / (kScale - kBeta);  // eighths of a packet per window
constexpr int kCubeShift = 40;
constexpr std::int64_t kEpochRate = 1024;  // units of K per second

constexpr std::int64_t kHystartMinWindow = 16;
constexpr int kHystartMinSamples = 8;
constexpr Nanos kHystartAckGap = 2 * kMillisecond;

constexpr std::array<std::pair<std::string_view, CongestionControl>, 3> kNames{
    {{"reno", CongestionControl::Reno}, {"cubic", CongestionControl::Cubic}, {"bbr", CongestionControl::Bbr}}};

// What segmentation offload may add to the gap between acknowledgements, at most 1 ms.
std::int64_t hystart_ack_delay_us(const WindowView& view) {
  if (view.smoothed8_us == 0) return 0;
  const double pace = view.window < view.slow_start_until / 2 ? 2.0 : 1.2;
  const double packets = static_cast<double>(std::max(view.window, view.packets_out));
  const double bytes_per_us = pace * 1448.0 * packets * 8.0 / static_cast<double>(view.smoothed8_us);
  return std::min<std::int64_t>(1000, static_cast<std::int64_t>(65536.0 * 4.0 / bytes_per_us));
}

}  // namespace

std::string_view name(CongestionControl control) {
  return kNames.at(static_cast<std::size_t>(control)).first;
}

std::optional<CongestionControl> congestion_control(std::string_view name) {
  for (const auto& [known, control] : kNames) {
    if (known == name) return control;
  }
  return std::nullopt;
}

std::int64_t AdditiveIncrease::acknowledged(std::int64_t packets_per_step, std::int64_t num_packets) noexcept {
  std::int64_t growth = 0;
  if (count_ >= packets_per_step) {
    count_ = 0;
    ++growth;
  }
  count_ += num_packets;
  if (count_ >= packets_per_step) {
    growth += count_ / packets_per_step;
    count_ %= packets_per_step;
  }
  return growth;
}

std::int64_t Cubic::cut(std::int64_t window) noexcept {
  epoch_.reset();
  last_max_ = window < last_max_ ? window * (kScale + kBeta) / (2 * kScale) : window;
  return std::max<std::int64_t>(window * kBeta / kScale, 2);
}

void Cubic::begin_epoch(std::int64_t now_ticks, std::int64_t window, std::int64_t num_acknowledged) noexcept {
  epoch_ = now_ticks;
  acknowledged_ = num_acknowledged;
  reno_window_ = window;
  if (last_max_ <= window) {
    k_ = 0;
    origin_ = window;
    return;
  }
  const double cube = std::ldexp(1.0, kCubeShift) / static_cast<double>(kCubeScale) * static_cast<double>(last_max_ - window);
  k_ = static_cast<std::int64_t>(std::cbrt(cube));
  origin_ = last_max_;
}

std::int64_t Cubic::target(Nanos now) const noexcept {
  const std::int64_t elapsed = clock_.ticks(now) - *epoch_ + clock_.to_ticks(min_delay_us_);
  const std::int64_t t = elapsed * clock_.tick() * kEpochRate / kSecond;
  const std::int64_t offset = t < k_ ? k_ - t : t - k_;
  const double cube = static_cast<double>(offset) * static_cast<double>(offset) * static_cast<double>(offset);
  const auto delta = static_cast<std::int64_t>(std::ldexp(static_cast<double>(kCubeScale) * cube, -kCubeShift));
  return t < k_ ? origin_ - delta : origin_ + delta;
}

std::int64_t Cubic::packets_per_step(Nanos now, std::int64_t window, std::int64_t num_acknowledged) noexcept {
  acknowledged_ += num_acknowledged;
  const std::int64_t now_ticks = clock_.ticks(now);
  const std::int64_t second_ticks = kSecond / clock_.tick();
  if (last_window_ == window && now_ticks - last_update_ <= second_ticks / 32) return std::max<std::int64_t>(step_, 2);
  if (!(epoch_ && now_ticks == last_update_)) {
    last_window_ = window;
    last_update_ = now_ticks;
    if (!epoch_) begin_epoch(now_ticks, window, num_acknowledged);
    const std::int64_t goal = target(now);
    step_ = goal > window ? window / (goal - window) : 100 * window;
    if (last_max_ == 0) step_ = std::min<std::int64_t>(step_, 20);
  }
  const std::int64_t per_packet = window * kRenoScale >> 3;
  while (acknowledged_ > per_packet) {
    acknowledged_ -= per_packet;
    ++reno_window_;
  }
  if (reno_window_ > window) step_ = std::min(step_, window / (reno_window_ - window));
  step_ = std::max<std::int64_t>(step_, 2);
  return step_;
}

void Cubic::begin_hystart_round(const WindowView& view) noexcept {
  has_round_ = true;
  round_start_ = view.now;
  last_ack_ = view.now;
  round_end_ = view.next_to_send;
  round_min_us_ = INT64_MAX;
  num_samples_ = 0;
}

bool Cubic::sample(const WindowView& view, std::int64_t round_trip_us) noexcept {
  if (epoch_ && clock_.ticks(view.now) - *epoch_ < kSecond / clock_.tick()) return false;
  const std::int64_t delay = std::max<std::int64_t>(round_trip_us, 1);
  if (min_delay_us_ == 0 || min_delay_us_ > delay) min_delay_us_ = delay;
  if (found_ || view.window >= view.slow_start_until) return false;
  if (!has_round_ || view.first_unacknowledged > round_end_) begin_hystart_round(view);
  if (view.window < kHystartMinWindow) return false;
  if (view.now - last_ack_ <= kHystartAckGap) {
    last_ack_ = view.now;
    const std::int64_t threshold = (min_delay_us_ + hystart_ack_delay_us(view)) / 2;
    if (view.now - round_start_ > threshold * kMicrosecond) found_ = true;
  }
  round_min_us_ = std::min(round_min_us_, delay);
  if (num_samples_ < kHystartMinSamples) {
    ++num_samples_;
  } else if (round_min_us_ > min_delay_us_ + std::clamp<std::int64_t>(min_delay_us_ / 8, 4000, 16000)) {
    found_ = true;
  }
  return found_;
}

void Cubic::reset(const WindowView& view) noexcept {
  const TickClock clock = clock_;
  *this = Cubic(clock);
  begin_hystart_round(view);
}

void Cubic::resumed(Nanos now, Nanos last_sent) noexcept {
  if (!epoch_) return;
  const std::int64_t idle = clock_.ticks(now) - clock_.ticks(last_sent);
  if (idle > 0) epoch_ = std::min(*epoch_ + idle, clock_.ticks(now));
}

}  // namespace labtwin::network
