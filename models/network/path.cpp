#include "models/network/path.hpp"

#include <algorithm>

#include "models/network/packet.hpp"

namespace labtwin::network {

int TcpSettings::segment_bytes() const noexcept {
  return static_cast<int>(mtu.value()) - kHeaderBytes;
}

double TcpSettings::window_limit() const noexcept {
  constexpr double kShareOfBuffer = 0.5;
  constexpr double kOccupied = 2304.0 / 1448.0;
  const double window = std::min(receive_buffer.value() * kShareOfBuffer, send_buffer.value() / kOccupied);
  return std::max(window / segment_bytes(), 1.0);
}

}  // namespace labtwin::network
