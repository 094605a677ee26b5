#include "models/network/unoffloaded_rate.hpp"

#include "models/network/packet.hpp"

namespace labtwin::network {

BytesPerSecond unoffloaded_rate(Bytes mtu) noexcept {
  constexpr Seconds kPerPacket = Seconds::from_base(2.03e-6);
  return (mtu + Bytes::from_base(kFramingBytes)) / kPerPacket;
}

}  // namespace labtwin::network
