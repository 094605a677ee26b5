#include "sim/process/processor_sharing.hpp"

#include <algorithm>
#include <tuple>

#include "models/base/error.hpp"

namespace labtwin::detail {

bool SharePool::FinishesFirst::operator()(const Serve* a, const Serve* b) const noexcept {
  return std::tie(a->finish_, a->sequence_) < std::tie(b->finish_, b->sequence_);
}

void SharePool::enter(Serve& serve) {
  LABTWIN_CHECK(serve.work_ >= Seconds{}, "work of less than nothing");
  advance();
  ++statistics_.num_requests;
  serve.since_ = engine_->now();
  if (is_dead()) {
    complete(serve, Outcome::Failed);
    return;
  }
  serve.from_ = occupancy_.moment();
  serve.weight_from_ = occupancy_.weight_integral();
  serve.finish_ = work_done_ + serve.work_.value();
  serve.sequence_ = sequence_++;
  serve.is_in_service_ = true;
  in_service_.insert(&serve);
  occupancy_.enter(serve.owner_);
  set_alarm();
}

void SharePool::leave(Serve& serve, Outcome outcome) {
  advance();
  in_service_.erase(&serve);
  occupancy_.leave(serve.owner_);
  serve.is_in_service_ = false;
  if (in_service_.empty()) work_done_ = 0.0;  // keeps its digits over a long run
  if (outcome == Outcome::Cancelled) {
    ++statistics_.num_cancelled;
  } else {
    complete(serve, outcome);
  }
  set_alarm();
  delete_if_unused();
}

void SharePool::complete(Serve& serve, Outcome outcome) {
  ++(outcome == Outcome::Failed ? statistics_.num_failed : statistics_.num_completed);
  serve.result_.outcome = outcome;
  const Seconds elapsed = engine_->now() - serve.since_;
  const Seconds service = std::min(serve.work_, elapsed);
  if (service > Seconds{}) serve.result_.causes.push_back({DelayKind::Service, serve.owner_, service});
  const double own_part = occupancy_.weight_integral() - serve.weight_from_;
  occupancy_.charge(serve.result_.causes, DelayKind::Slowdown, elapsed - service, serve.from_, serve.owner_, own_part);
  engine_->queue().push_ready(serve);
}

void SharePool::set_health(Health health) {
  advance();
  health_ = health;
  while (is_dead() && !in_service_.empty()) leave(**in_service_.begin(), Outcome::Failed);
  set_alarm();
}

void SharePool::orphan() {
  is_orphan_ = true;
  delete_if_unused();
}

void SharePool::fire() {
  advance();
  // The alarm was set for the first of them, so rounding must not keep it here.
  work_done_ = std::max(work_done_, (*in_service_.begin())->finish_);
  const double done = work_done_;
  bool is_more = true;
  while (is_more && (*in_service_.begin())->finish_ <= done) {
    is_more = in_service_.size() > 1;  // the last to leave an orphan deletes it
    leave(**in_service_.begin(), Outcome::Completed);
  }
}

double SharePool::rate() const noexcept {
  if (health_ == Health::Hung || in_service_.empty()) return 0.0;
  return std::min(1.0, num_servers_ / static_cast<double>(in_service_.size()));
}

void SharePool::advance() {
  const Seconds now = engine_->now();
  const Seconds elapsed = now - last_change_;
  last_change_ = now;
  const auto num_sharing = static_cast<double>(in_service_.size());
  work_done_ += rate() * elapsed.value();
  statistics_.num_in_service = in_service_.size();
  statistics_.sharing_time += elapsed * num_sharing;
  statistics_.busy_time += elapsed * (rate() * num_sharing);
  // Each of n on fewer servers loses 1 - rate per second, which the n - 1 others owe it in equal parts.
  occupancy_.advance(now, num_sharing > 1.0 ? (1.0 - rate()) / (num_sharing - 1.0) : 0.0);
}

void SharePool::set_alarm() {
  EventQueue& queue = engine_->queue();
  if (is_queued()) queue.remove(*this);
  if (rate() == 0.0) return;
  const double left = std::max(0.0, (*in_service_.begin())->finish_ - work_done_);
  queue.push(*this, queue.now() + left / rate(), Priority::Early);
}

void SharePool::delete_if_unused() {
  if (is_orphan_ && in_service_.empty()) delete this;
}

}  // namespace labtwin::detail
