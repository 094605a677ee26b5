#include "sim/process/resource.hpp"

namespace labtwin {

using detail::ServerPool;

std::optional<Outcome> ServerPool::request(OwnerId owner) {
  advance();
  ++statistics_.num_requests;
  if (health_ == Health::Dead) {
    ++statistics_.num_failed;
    return Outcome::Failed;
  }
  if (has_free_server() && queue_.empty()) {
    occupy(owner);
    return Outcome::Completed;
  }
  if (options_.queue_limit && statistics_.num_waiting >= *options_.queue_limit) {
    ++statistics_.num_rejected;
    return Outcome::Rejected;
  }
  return std::nullopt;
}

void ServerPool::enqueue(Seize& seize) {
  ++statistics_.num_waiting;
  Waiter* place = nullptr;
  if (options_.discipline == Discipline::Priority) {
    place = queue_.front();
    while (place != nullptr && static_cast<Seize*>(place)->options_.priority >= seize.options_.priority) {
      place = WaiterList::next(*place);
    }
  }
  queue_.insert_before(place, seize);
}

void ServerPool::release(OwnerId owner) {
  advance();
  --statistics_.num_busy;
  occupancy_.leave(owner);
  serve_next();
  delete_if_unused();
}

void ServerPool::leave(Seize& seize, Outcome outcome) {
  advance();
  queue_.remove(seize);
  --statistics_.num_waiting;
  if (outcome == Outcome::TimedOut) ++statistics_.num_timed_out;
  if (outcome == Outcome::Failed) ++statistics_.num_failed;
  if (outcome == Outcome::Cancelled) ++statistics_.num_cancelled;
  seize.end(outcome);
  delete_if_unused();
}

void ServerPool::set_health(Health health) {
  advance();
  health_ = health;
  if (health == Health::Dead) {
    while (!queue_.empty()) {
      auto& seize = static_cast<Seize&>(*queue_.front());
      leave(seize, Outcome::Failed);
      engine_->queue().push_ready(seize);
    }
  }
  serve_next();
}

void ServerPool::orphan() {
  is_orphan_ = true;
  delete_if_unused();
}

void ServerPool::advance() {
  const Seconds now = engine_->now();
  const Seconds elapsed = now - last_change_;
  last_change_ = now;
  statistics_.busy_time += elapsed * static_cast<double>(statistics_.num_busy);
  statistics_.waiting_time += elapsed * static_cast<double>(statistics_.num_waiting);
  occupancy_.advance(now);
}

void ServerPool::occupy(OwnerId owner) {
  ++statistics_.num_busy;
  ++statistics_.num_granted;
  occupancy_.enter(owner);
}

void ServerPool::serve_next() {
  while (has_free_server() && !queue_.empty()) {
    auto& seize = static_cast<Seize&>(*queue_.front());
    --statistics_.num_waiting;
    queue_.wake(seize, engine_->queue());
    seize.end(Outcome::Completed);
    occupy(seize.options_.owner);
    seize.result_.lease = Lease(*this, seize.options_.owner);
  }
}

void ServerPool::delete_if_unused() {
  if (is_orphan_ && statistics_.num_busy == 0 && statistics_.num_waiting == 0) delete this;
}

bool Seize::await_ready() {
  const std::optional<Outcome> outcome = pool_->request(options_.owner);
  if (!outcome) return false;
  result_.outcome = *outcome;
  if (outcome == Outcome::Completed) result_.lease = Lease(*pool_, options_.owner);
  return true;
}

void Seize::await_suspend(std::coroutine_handle<> process) {
  resumes(process);
  EventQueue& queue = pool_->engine().queue();
  since_ = pool_->engine().now();
  from_ = pool_->occupancy().moment();
  pool_->enqueue(*this);
  if (options_.timeout) queue.push(timeout_, queue.now() + options_.timeout->value(), Priority::Normal);
}

void Seize::end(Outcome outcome) {
  EventQueue& queue = pool_->engine().queue();
  if (timeout_.is_queued()) queue.remove(timeout_);
  result_.outcome = outcome;
  pool_->occupancy().charge(result_.causes, DelayKind::Waiting, pool_->engine().now() - since_, from_, options_.owner);
}

}  // namespace labtwin
