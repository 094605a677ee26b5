#include "models/calibration/tensor_exchange.hpp"

#include <algorithm>

#include "models/interconnect/all_reduce.hpp"

namespace labtwin::calibration {
namespace {

using interconnect::CardGroup;

// What all-reduces through the host's memory reach of copies that take this way: 0.60 to 0.75, two to eight cards.
constexpr double kShareOfCopy = 0.7;
constexpr double kReducesPerLayer = 2.0;  // behind attention, and behind the feed-forward block
constexpr double kBytesPerActivation = 2.0;

double sent_by_each(int num_cards) {
  return interconnect::bytes_sent(interconnect::CollectiveOp::AllReduce, num_cards, 1.0, false);
}

serving::ExchangeCoefficients exchange_among(CardGroup group, int num_cards, const serving::ModelShape& shape, double calls) {
  group.num_cards = num_cards;
  return {.calls = calls,
          .token = Bytes::from_base(kBytesPerActivation * shape.hidden_size),
          .call = AllReduces().terms(group),
          .sent = sent_by_each(num_cards)};
}

}  // namespace

MessageTime AllReduces::terms(const CardGroup& group) {
  MessageTime terms = times_.terms(group.num_cards, group.link, group.path);
  if (group.path == "pcie staged") {
    terms.per_byte = std::max(terms.per_byte, sent_by_each(group.num_cards) / (kShareOfCopy * copies_.staged(group).value()));
  }
  return terms;
}

serving::ExchangeCoefficients tensor_exchange(const CardGroup& group, const serving::ModelShape& shape) {
  return exchange_among(group, group.cards_per_stage(), shape, kReducesPerLayer * shape.layers);
}

serving::ExchangeCoefficients expert_exchange(const CardGroup& group, const serving::ModelShape& shape) {
  serving::ExchangeCoefficients exchange = exchange_among(group, group.expert_copies, shape, shape.layers);
  exchange.token = exchange.token * group.expert_copies;
  return exchange;
}

serving::ExchangeCoefficients stage_exchange(const CardGroup& group, const serving::ModelShape& shape) {
  const double hand_overs = group.num_stages - 1.0;
  serving::ExchangeCoefficients exchange = exchange_among(group, 2, shape, hand_overs);
  // Each link carries one of the messages.
  exchange.sent = 1.0 / hand_overs;
  return exchange;
}

}  // namespace labtwin::calibration
