#include "models/storage/medium_state.hpp"

#include <algorithm>

namespace labtwin::storage {
namespace {

bool is_random_write(const IoClass& io) {
  return io.direction == Direction::Write && io.pattern == Pattern::Random;
}

}  // namespace

MediumState::MediumState(const DriveLaw& law, const std::optional<FlashAging>& aging,
                         const std::optional<ThermalSettings>& thermal)
    : law_(law) {
  if (aging) collection_.emplace(aging->flash, aging->use);
  if (thermal) thermal_.emplace(thermal->design, thermal->cooling);
}

Seconds MediumState::work(const IoClass& io) const {
  Seconds work = law_.work(io);
  if (collection_ && is_random_write(io)) work += collection_->copy_time(io.block_size);
  if (thermal_ && thermal_->is_throttled()) work = std::max(work, io.block_size / thermal_->slow_rate());
  return work;
}

Seconds MediumState::enter(Seconds now, const IoClass& io) {
  if (thermal_) thermal_->command(now, law_.work(io));
  const Seconds needed = work(io);
  if (collection_ && is_random_write(io)) collection_->write(io.block_size);
  return needed;
}

void MediumState::add(Stream& stream, const IoClass& io, PerSecond rate) const {
  if (is_random_write(io)) stream.random_writes += rate * io.block_size;
  stream.busy_share += rate * law_.work(io);
}

void MediumState::stream(Seconds since, Seconds now, const Stream& stream) {
  if (collection_) collection_->write(stream.random_writes * (now - since));
  if (thermal_) thermal_->stream(now, stream.busy_share);
}

std::optional<Seconds> MediumState::next_change(Seconds now, const Stream& stream) const {
  std::optional<Seconds> change;
  if (thermal_) change = thermal_->next_change(stream.busy_share);
  if (!collection_ || stream.random_writes == BytesPerSecond{}) return change;
  const Seconds copies_change = now + collection_->until_change() / stream.random_writes;
  return change ? std::min(*change, copies_change) : copies_change;
}

}  // namespace labtwin::storage
