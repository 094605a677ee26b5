#include "models/network/toxic.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::network {

ToxicEffect Toxic::effect(Bytes message, Bytes carried, double uniform) const noexcept {
  switch (type) {
    case Type::Latency:
      return {.delay = std::max(latency + jitter * (2.0 * uniform - 1.0), Seconds{})};
    case Type::Bandwidth:
      return {.delay = message / rate};
    case Type::Slicer:
      return {.delay = latency * std::ceil(message / size)};
    case Type::LimitData:
      return {.delay = Seconds{}, .closes = carried > size};
    case Type::Timeout:
      if (latency == Seconds{}) return {};
      return {.delay = latency, .closes = true};
    case Type::ResetPeer:
      return {.delay = latency, .closes = true};
    case Type::SlowClose:
      break;
  }
  return {.delay = Seconds{}};
}

}  // namespace labtwin::network
