#include "models/storage/occupancy.hpp"

#include <algorithm>

namespace labtwin::storage {

void Occupancy::advance(Seconds now) {
  const Seconds elapsed = now - now_;
  now_ = now;
  if (num_in_flight_ == 0 || elapsed <= Seconds{}) return;
  const Seconds all = total_.read + total_.write + total_.flush;
  for (std::size_t i = 0; i < owners_.size(); ++i) {
    occupied_[i] += elapsed * ((owners_[i].read + owners_[i].write + owners_[i].flush) / all);
  }
}

Seconds& Occupancy::amount(Work& work, Use use) {
  switch (use) {
    case Use::Read:
      return work.read;
    case Use::Write:
      return work.write;
    case Use::Flush:
      break;
  }
  return work.flush;
}

void Occupancy::make_room_for(OwnerId owner) {
  if (owner < owners_.size()) return;
  owners_.resize(owner + 1U);
  occupied_.resize(owner + 1U);
}

void Occupancy::credit(OwnerId owner, Seconds occupied) {
  make_room_for(owner);
  occupied_[owner] += occupied;
}

void Occupancy::add(OwnerId owner, Use use, Seconds work) {
  make_room_for(owner);
  amount(owners_[owner], use) += work;
  amount(total_, use) += work;
  ++num_in_flight_;
}

void Occupancy::remove(OwnerId owner, Use use, Seconds work) {
  --num_in_flight_;
  if (num_in_flight_ == 0) {
    // An empty drive forgets what rounding left behind.
    std::fill(owners_.begin(), owners_.end(), Work{});
    total_ = {};
    return;
  }
  amount(owners_[owner], use) -= work;
  amount(total_, use) -= work;
}

Seconds Occupancy::weighted(const Work& work, Direction direction) const {
  if (direction == Direction::Read) return work.read + weights_.write_on_read * (work.write + work.flush);
  return work.write + weights_.read_on_write * work.read;
}

Seconds Occupancy::backlog(Direction direction) const {
  return weighted(total_, direction);
}

Seconds Occupancy::backlog_of(OwnerId owner, Direction direction) const {
  return owner < owners_.size() ? weighted(owners_[owner], direction) : Seconds{};
}

}  // namespace labtwin::storage
