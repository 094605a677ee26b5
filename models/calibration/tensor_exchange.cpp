#include "models/calibration/tensor_exchange.hpp"

#include <algorithm>

#include "models/calibration/collectives.hpp"
#include "models/calibration/pcie_links.hpp"
#include "models/interconnect/all_reduce.hpp"

namespace labtwin::calibration {
namespace {

// What all-reduces through the host's memory reach of copies that take this way: 0.60 to 0.75, two to eight cards.
constexpr double kShareOfCopy = 0.7;
constexpr double kReducesPerLayer = 2.0;  // behind attention, and behind the feed-forward block
constexpr double kBytesPerActivation = 2.0;

}  // namespace

serving::ExchangeCoefficients tensor_exchange(const interconnect::CardGroup& group, const serving::ModelShape& shape) {
  const double sent = interconnect::bytes_sent(interconnect::CollectiveOp::AllReduce, group.num_cards, 1.0, false);
  AllReduceTimes::Terms terms = AllReduceTimes().terms(group.num_cards, group.link, group.path);
  if (group.path == "pcie staged") {
    terms.per_byte = std::max(terms.per_byte, sent / (kShareOfCopy * CopyRates().staged(group.link).value()));
  }
  return {.calls = kReducesPerLayer * shape.layers,
          .token = Bytes::from_base(kBytesPerActivation * shape.hidden_size),
          .latency = terms.latency,
          .per_root = terms.per_root,
          .per_byte = terms.per_byte,
          .sent = sent};
}

}  // namespace labtwin::calibration
