#include "models/network/goodput.hpp"

#include <algorithm>
#include <cmath>

#include "models/network/connection.hpp"

namespace labtwin::network {

BytesPerSecond wire_goodput(BytesPerSecond rate, Bytes mtu) noexcept {
  return rate * ((mtu.value() - kHeaderBytes) / (mtu.value() + kFramingBytes));
}

BytesPerSecond lossless_goodput(const Path& path, const TcpSettings& settings) noexcept {
  const Bytes window = Bytes::from_base(settings.window_limit() * settings.segment_bytes());
  return std::min(wire_goodput(path.rate, settings.mtu), window / path.round_trip);
}

std::optional<BytesPerSecond> window_bound(BytesPerSecond rate, Seconds round_trip, const TcpSettings& settings) noexcept {
  if (round_trip <= Seconds{}) return std::nullopt;
  const Bytes packet = settings.mtu + Bytes::from_base(kFramingBytes);
  const BytesPerSecond bound = packet * settings.window_limit() / round_trip;
  return bound < rate ? std::optional(bound) : std::nullopt;
}

BbrGoodput bbr_goodput(const Path& path, const TcpSettings& settings) noexcept {
  constexpr double kHighLoss = 0.015;       // seen from 2 % on, not at 1 %
  constexpr double kLongRoundTrip = 0.035;  // seen from 50 ms on, not at 20 ms
  constexpr double kCollapsed = 0.5;
  constexpr double kDeviations = 3.0;  // by which the largest of ten rounds' deliveries exceeds their mean
  constexpr double kLongRounds = 3.0;  // 1/s^2
  const double loss = path.to_client.mean();
  const double round_trip = path.round_trip.value();
  const bool may_collapse = loss >= kHighLoss && round_trip >= kLongRoundTrip;
  const BytesPerSecond left = lossless_goodput(path, settings) * (1.0 - loss);
  if (may_collapse) return {.rate = left * kCollapsed, .may_collapse = true};
  const double window = std::max(path.rate * path.round_trip / (settings.mtu + Bytes::from_base(kFramingBytes)), 1.0);
  const double believed = std::min(1.0 - loss + kDeviations * std::sqrt(loss * (1.0 - loss) / window), 1.0);
  return {.rate = left * (believed * std::exp(-kLongRounds * round_trip * round_trip)), .may_collapse = false};
}

std::vector<BytesPerSecond> draw_goodput(const Path& path, const TcpSettings& settings, const MeasuredSpan& span,
                                         RandomStream stream, std::size_t num_draws, double max_segments) {
  constexpr std::int64_t kEndless = std::int64_t{1} << 50;
  std::vector<BytesPerSecond> draws;
  double num_segments = 0.0;
  while (draws.empty() || (draws.size() < num_draws && num_segments < max_segments)) {
    Connection connection(path, settings, stream, draws.size());
    connection.connect();
    connection.write(Side::Server, kEndless);
    const Nanos begin = connection.now() + to_nanos(span.omitted);
    connection.run_until(begin);
    const Seq before = connection.arrived(Side::Server);
    connection.run_until(begin + to_nanos(span.duration));
    const Seq after = connection.arrived(Side::Server);
    draws.push_back(Bytes::from_base(static_cast<double>(after - before) * settings.segment_bytes()) / span.duration);
    num_segments += static_cast<double>(after);
  }
  return draws;
}

}  // namespace labtwin::network
