#include "sim/engine/event_queue.hpp"

#include <algorithm>

#include "models/base/error.hpp"

namespace labtwin {
namespace {

constexpr std::size_t kArity = 4;
constexpr unsigned kSequenceBits = 56;

constexpr std::uint64_t make_key(Priority priority, std::uint64_t sequence) noexcept {
  return (static_cast<std::uint64_t>(priority) << kSequenceBits) | sequence;
}

}  // namespace

void EventQueue::push(Event& event, double at, Priority priority, std::uint64_t sequence) {
  LABTWIN_CHECK(at >= now_, "an event cannot be in the past, nor at a date that is not a number");
  LABTWIN_CHECK(!event.is_queued(), "an event can be pending once only");
  event.key_ = make_key(priority, sequence);
  event.place_ = Event::Place::Heap;
  const Entry entry{at, event.key_, &event};
  heap_.push_back(entry);
  sift_up(heap_.size() - 1, entry);
}

void EventQueue::push_ready(Event& event) noexcept {
  event.key_ = make_key(Priority::Normal, next_sequence());
  event.place_ = Event::Place::Ready;
  event.next_ = nullptr;
  event.previous_ = last_ready_;
  (last_ready_ != nullptr ? last_ready_->next_ : first_ready_) = &event;
  last_ready_ = &event;
  ++num_ready_;
}

void EventQueue::remove(Event& event) noexcept {
  if (event.place_ == Event::Place::Heap) remove_from_heap(event.heap_index_);
  if (event.place_ == Event::Place::Ready) unlink(event);
  event.place_ = Event::Place::Nowhere;
}

Event* EventQueue::pop_due(double limit) noexcept {
  const bool heap_is_next =
      !heap_.empty() && (first_ready_ == nullptr || heap_.front().before(Entry{now_, first_ready_->key_, nullptr}));
  Event* event = first_ready_;
  if (heap_is_next) {
    if (heap_.front().time > limit) return nullptr;
    event = heap_.front().event;
    advance_to(heap_.front().time);
    remove_from_heap(0);
  } else if (event != nullptr) {
    unlink(*event);
  } else {
    return nullptr;
  }
  event->place_ = Event::Place::Nowhere;
  return event;
}

void EventQueue::sift_up(std::size_t index, const Entry& entry) noexcept {
  while (index > 0) {
    const std::size_t parent = (index - 1) / kArity;
    if (!entry.before(heap_[parent])) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, entry);
}

void EventQueue::sift_down(std::size_t index, const Entry& entry) noexcept {
  const std::size_t size = heap_.size();
  for (;;) {
    const std::size_t first = index * kArity + 1;
    if (first >= size) break;
    const std::size_t last = std::min(first + kArity, size);
    std::size_t least = first;
    for (std::size_t child = first + 1; child < last; ++child) {
      if (heap_[child].before(heap_[least])) least = child;
    }
    if (!heap_[least].before(entry)) break;
    place(index, heap_[least]);
    index = least;
  }
  place(index, entry);
}

void EventQueue::remove_from_heap(std::size_t index) noexcept {
  const Entry last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  if (index > 0 && last.before(heap_[(index - 1) / kArity])) {
    sift_up(index, last);
  } else {
    sift_down(index, last);
  }
}

void EventQueue::unlink(Event& event) noexcept {
  (event.previous_ != nullptr ? event.previous_->next_ : first_ready_) = event.next_;
  (event.next_ != nullptr ? event.next_->previous_ : last_ready_) = event.previous_;
  --num_ready_;
}

}  // namespace labtwin
