#include "models/serving/exchange_step_time.hpp"

namespace labtwin::serving {

Seconds ExchangeStepTime::step_time(const OperatorBatch& batch) const {
  const double bytes = exchange_.token.value() * batch.num_tokens;
  return of_card_->step_time(batch) + Seconds::from_base(exchange_.calls * exchange_.call.seconds(bytes));
}

StepTraffic ExchangeStepTime::traffic(const OperatorBatch& batch) const {
  const double bytes = exchange_.calls * exchange_.token.value() * batch.num_tokens;
  const StepTraffic inside = of_card_->traffic(batch);
  return {.on_links = inside.on_links + Seconds::from_base(exchange_.call.per_byte * bytes),
          .bytes = inside.bytes + Bytes::from_base(exchange_.sent * bytes)};
}

}  // namespace labtwin::serving
