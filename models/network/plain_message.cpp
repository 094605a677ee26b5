#include "models/network/plain_message.hpp"

#include <algorithm>
#include <cmath>

#include "models/network/packet.hpp"

namespace labtwin::network {
namespace {

using namespace labtwin::literals;

constexpr double kInitialWindow = 10.0;
constexpr Seconds kSmallestTimeout = 200_ms;

}  // namespace

Bytes bytes_on_wire(Bytes payload, Bytes mtu) noexcept {
  const double packets = std::max(std::ceil(payload.value() / (mtu.value() - kHeaderBytes)), 1.0);
  return payload + Bytes::from_base(packets * (kHeaderBytes + kFramingBytes));
}

void PlainSender::rest(Seconds now, const PlainPath& path) {
  const double num_timeouts = std::floor((now - idle_since_) / (path.round_trip + kSmallestTimeout));
  if (num_timeouts >= 1.0) window_ = std::max(window_ * std::exp2(-num_timeouts), std::min(window_, kInitialWindow));
}

Seconds PlainSender::send(Seconds now, const PlainPath& path, const TcpSettings& settings, Bytes payload) {
  rest(now, path);
  const double segment = settings.segment_bytes();
  const double limit = settings.window_limit();
  const Seconds per_segment = settings.mtu / path.rate;
  double rest = std::ceil(payload.value() / segment);
  Seconds waited;
  while (rest > window_ && window_ * per_segment < path.round_trip) {
    rest -= window_;
    waited += path.round_trip - window_ * per_segment;
    window_ = std::min(2.0 * window_, limit);
  }
  const Seconds took = waited + bytes_on_wire(payload, settings.mtu) / path.rate + path.one_way;
  idle_since_ = now + took;
  return took;
}

}  // namespace labtwin::network
