#include "models/interconnect/all_reduce.hpp"

#include <algorithm>
#include <cmath>

#include "models/base/message_time.hpp"

namespace labtwin::interconnect {
namespace {

constexpr double kHop = 3.2e-6;      // s per card of a ring
constexpr double kMiddle = 0.02e-6;  // s per root of a byte
constexpr double kNothing = 1e-12;   // s
constexpr double kWait = 5e-6;       // s per card of a ring, that large messages cost more

}  // namespace

CollectiveOp parse_collective_op(std::string_view name) {
  if (name.find("gather") != std::string_view::npos) return CollectiveOp::AllGather;
  if (name.find("scatter") != std::string_view::npos) return CollectiveOp::ReduceScatter;
  if (name.find("toall") != std::string_view::npos || name.find("to_all") != std::string_view::npos) {
    return CollectiveOp::AllToAll;
  }
  if (name.find("broadcast") != std::string_view::npos) return CollectiveOp::Broadcast;
  return name == "reduce" ? CollectiveOp::Reduce : CollectiveOp::AllReduce;
}

double bytes_sent(CollectiveOp op, double num_cards, double message_bytes, bool message_is_share) {
  const double others = (num_cards - 1.0) / num_cards;
  switch (op) {
    case CollectiveOp::AllReduce:
      return 2.0 * others * message_bytes;
    case CollectiveOp::AllGather:
      return (message_is_share ? num_cards - 1.0 : others) * message_bytes;
    case CollectiveOp::ReduceScatter:
    case CollectiveOp::AllToAll:
      return others * message_bytes;
    case CollectiveOp::Broadcast:
    case CollectiveOp::Reduce:
      break;
  }
  return message_bytes;
}

CollectiveTerms collective_seconds(CollectiveOp op, double num_cards, double message_bytes, BytesPerSecond line_rate,
                                   bool message_is_share) {
  const double sent = bytes_sent(op, num_cards, message_bytes, message_is_share);
  return {.latency = kHop * num_cards,
          .middle = kMiddle * std::sqrt(sent) + kNothing,
          .handshake = kWait * num_cards * share_of_handshake(message_bytes) + kNothing,
          .wire = sent / line_rate.value() + kNothing};
}

}  // namespace labtwin::interconnect
