#include "models/network/udp_socket.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace labtwin::network {
namespace {

using namespace labtwin::literals;

constexpr Seconds kWakeUp = 800_us;

}  // namespace

double socket_capacity(Bytes receive_buffer, Bytes payload) noexcept {
  static constexpr std::array<std::pair<double, double>, 4> kSizes{
      {{130.0, 832.0}, {640.0, 1280.0}, {1660.0, 2304.0}, {7000.0, 8456.0}}};
  double size = 16644.0;
  for (auto at = kSizes.rbegin(); at != kSizes.rend(); ++at) {
    if (payload.value() <= at->first) size = at->second;
  }
  return std::max(std::floor(receive_buffer.value() / size), 1.0);
}

double lost_in_stalls(const DatagramStream& stream, double capacity, Seconds asleep, Seconds awake) noexcept {
  if (stream.duration <= awake) return 0.0;
  const double num_stalls = std::floor((stream.duration - awake) / (asleep + awake)) + 1.0;
  const double lost = std::max(stream.rate * (asleep + kWakeUp) - capacity, 0.0);
  return std::min(num_stalls * lost / (stream.rate * stream.duration), 1.0);
}

double lost_to_a_slow_receiver(const DatagramStream& stream, double capacity, Seconds per_datagram) noexcept {
  const double served = stream.duration / per_datagram;
  return std::clamp(1.0 - (served + capacity) / (stream.rate * stream.duration), 0.0, 1.0);
}

}  // namespace labtwin::network
