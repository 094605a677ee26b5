#include "models/network/queueing_delay.hpp"

#include "models/network/packet.hpp"

namespace labtwin::network {
namespace {

constexpr double kFullShare = 0.9;
constexpr double kPacketBytes = 1538.0;

}  // namespace

Seconds fifo_delay(Bytes queue, BytesPerSecond rate) noexcept {
  return queue / rate * kFullShare;
}

Seconds fair_queue_delay(BytesPerSecond rate) noexcept {
  return Bytes::from_base(kPacketBytes) / rate * 0.5;
}

Seconds serialisation(Bytes request, Bytes response, BytesPerSecond rate) noexcept {
  return (request + response + Bytes::from_base(2.0 * (kHeaderBytes + kFramingBytes))) / rate;
}

}  // namespace labtwin::network
