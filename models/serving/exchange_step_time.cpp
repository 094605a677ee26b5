#include "models/serving/exchange_step_time.hpp"

#include <cmath>

namespace labtwin::serving {

Seconds ExchangeStepTime::step_time(const OperatorBatch& batch) const {
  const double bytes = exchange_.token.value() * batch.num_tokens;
  const double ratio = bytes / exchange_.handshake_half.value();
  const double waits = exchange_.handshake * ratio * ratio / (1.0 + ratio * ratio);
  const double call = exchange_.latency + exchange_.per_root * std::sqrt(bytes) + waits + exchange_.per_byte * bytes;
  return of_card_->step_time(batch) + Seconds::from_base(exchange_.calls * call);
}

StepTraffic ExchangeStepTime::traffic(const OperatorBatch& batch) const {
  const double bytes = exchange_.calls * exchange_.token.value() * batch.num_tokens;
  const StepTraffic inside = of_card_->traffic(batch);
  return {.on_links = inside.on_links + Seconds::from_base(exchange_.per_byte * bytes),
          .bytes = inside.bytes + Bytes::from_base(exchange_.sent * bytes)};
}

}  // namespace labtwin::serving
