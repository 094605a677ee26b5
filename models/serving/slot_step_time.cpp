#include "models/serving/slot_step_time.hpp"

#include <cmath>

namespace labtwin::serving {
namespace {

constexpr Seconds kSampledWord = Seconds::from_base(6e-9);
constexpr Seconds kStep = Seconds::from_base(0.5e-3);
constexpr Seconds kPrompt = Seconds::from_base(10e-3);
constexpr BytesPerSecond kCopies = BytesPerSecond::from_base(1.1e9);

}  // namespace

Seconds SlotStepTime::step_time(const OperatorBatch& batch) const {
  const Seconds context = c_.context * batch.kv_tokens;
  if (batch.longest_chunk > 0.0) {
    return c_.pass * std::ceil(batch.num_tokens / c_.ubatch) + c_.prompt_token * batch.num_tokens + c_.pair * batch.num_pairs +
           context;
  }
  if (batch.num_decodes > kMostVectors && c_.has_tiles) return c_.tiles + c_.tile_more * batch.num_decodes + context;
  return c_.first + c_.more * (batch.num_decodes - 1.0) + context;
}

ServerThread llama_server_thread(const ModelShape& shape, const KvTypes& kv) {
  return {.step = kStep,
          .sampled = kSampledWord * static_cast<double>(shape.vocabulary),
          .prompt = kPrompt,
          .moved = Bytes::from_base(kv_bytes_per_token(shape, kv).value()) / kCopies};
}

Seconds ServedStepTime::step_time(const OperatorBatch& batch) const {
  return of_card_->step_time(batch) + thread_.step + thread_.sampled * batch.num_sampled +
         thread_.prompt * (batch.num_sampled - batch.num_decodes) + thread_.moved * batch.moved_tokens;
}

}  // namespace labtwin::serving
