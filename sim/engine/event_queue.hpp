#pragma once

// The order of everything that happens: one queue keyed by (time, priority, sequence). SimGrid breaks ties in orders of its
// own (timers of one date fire as 0,1,3,4,2); this queue makes them first come, first served.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace labtwin {

class EventQueue;

/// Which of several events of one date comes first: whatever frees something before whatever asks for it.
enum class Priority : std::uint8_t { Early, Normal, Late };

/// Something that happens at a date. It belongs to whoever waits for it, usually as a member of an awaiter in a coroutine
/// frame, so that no event costs an allocation; its destruction takes it out of the queue, which is all there is to
/// cancellation.
class Event {
 public:
  explicit Event(EventQueue& queue) noexcept : queue_(&queue) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Called once, at its date, when it is no longer in the queue.
  virtual void fire() = 0;

  [[nodiscard]] bool is_queued() const noexcept { return place_ != Place::Nowhere; }
  /// Priority and sequence of the last time it was queued.
  [[nodiscard]] std::uint64_t key() const noexcept { return key_; }

 protected:
  virtual ~Event();

 private:
  friend class EventQueue;
  enum class Place : std::uint8_t { Nowhere, Heap, Ready };

  EventQueue* queue_;
  std::uint64_t key_ = 0;
  Event* next_ = nullptr;
  Event* previous_ = nullptr;
  std::uint32_t heap_index_ = 0;
  Place place_ = Place::Nowhere;
};

/// The pending events. Those of later dates are in a four-ary heap; those of the current date with normal priority, which are
/// the hand-overs between processes, in a list, because they come in order anyway.
class EventQueue {
 public:
  EventQueue() = default;
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  /// The date of the event fired last; never decreases.
  [[nodiscard]] double now() const noexcept { return now_; }
  void advance_to(double date) noexcept { now_ = date > now_ ? date : now_; }

  /// `at` must not be before now().
  void push(Event& event, double at, Priority priority) { push(event, at, priority, next_sequence()); }
  /// With a sequence drawn earlier, to order events by when their causes began.
  void push(Event& event, double at, Priority priority, std::uint64_t sequence);
  /// At the current date, behind everything of normal priority that is there.
  void push_ready(Event& event) noexcept;
  void remove(Event& event) noexcept;
  [[nodiscard]] std::uint64_t next_sequence() noexcept { return sequence_++; }

  [[nodiscard]] bool empty() const noexcept { return heap_.empty() && first_ready_ == nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size() + num_ready_; }
  /// The date of the next event; infinity when there is none.
  [[nodiscard]] double next_time() const noexcept {
    if (first_ready_ != nullptr) return now_;
    return heap_.empty() ? std::numeric_limits<double>::infinity() : heap_.front().time;
  }
  /// Takes out the next event and moves now() to its date, unless that is after `limit`: then nullptr.
  Event* pop_due(double limit) noexcept;

 private:
  struct Entry {
    double time;
    std::uint64_t key;
    Event* event;
    [[nodiscard]] bool before(const Entry& other) const noexcept {
      return time != other.time ? time < other.time : key < other.key;
    }
  };

  void place(std::size_t index, const Entry& entry) noexcept {
    heap_[index] = entry;
    entry.event->heap_index_ = static_cast<std::uint32_t>(index);
  }
  void sift_up(std::size_t index, const Entry& entry) noexcept;
  void sift_down(std::size_t index, const Entry& entry) noexcept;
  void remove_from_heap(std::size_t index) noexcept;
  void unlink(Event& event) noexcept;

  std::vector<Entry> heap_;
  Event* first_ready_ = nullptr;
  Event* last_ready_ = nullptr;
  std::size_t num_ready_ = 0;
  std::uint64_t sequence_ = 0;
  double now_ = 0.0;
};

inline Event::~Event() {
  if (is_queued()) queue_->remove(*this);
}

}  // namespace labtwin
