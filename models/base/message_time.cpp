#include "models/base/message_time.hpp"

#include <cmath>

namespace labtwin {

double share_of_handshake(double message_bytes) noexcept {
  const double ratio = message_bytes / kHandshakeHalf.value();
  return ratio * ratio / (1.0 + ratio * ratio);
}

double MessageTime::seconds(double bytes) const noexcept {
  return latency + per_root * std::sqrt(bytes) + handshake * share_of_handshake(bytes) + per_byte * bytes;
}

}  // namespace labtwin
