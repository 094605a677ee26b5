#pragma once

#include <coroutine>

#include "sim/engine/event_queue.hpp"

namespace labtwin {

/// An event that resumes a process.
class Resumption : public Event {
 public:
  using Event::Event;
  void fire() override { process_.resume(); }
  void resumes(std::coroutine_handle<> process) noexcept { process_ = process; }

 private:
  std::coroutine_handle<> process_;
};

class WaiterList;

/// A process that waits in a list until somebody wakes it. Its destruction takes it out of the list, or of the queue if it
/// has been woken already.
class Waiter : public Resumption {
 public:
  explicit Waiter(EventQueue& queue) noexcept : Resumption(queue) {}
  ~Waiter() override;

  [[nodiscard]] bool is_waiting() const noexcept { return list_ != nullptr; }

 private:
  friend class WaiterList;
  WaiterList* list_ = nullptr;
  Waiter* next_ = nullptr;
  Waiter* previous_ = nullptr;
};

/// Processes that wait for one thing, first come first.
class WaiterList {
 public:
  WaiterList() = default;
  WaiterList(const WaiterList&) = delete;
  WaiterList& operator=(const WaiterList&) = delete;
  /// Who still waits, waits for ever.
  ~WaiterList() {
    while (first_ != nullptr) remove(*first_);
  }

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] Waiter* front() const noexcept { return first_; }
  [[nodiscard]] static Waiter* next(const Waiter& waiter) noexcept { return waiter.next_; }

  void push_back(Waiter& waiter) noexcept { insert_before(nullptr, waiter); }
  /// In front of `place`, which is in this list, or at the end for nullptr.
  void insert_before(Waiter* place, Waiter& waiter) noexcept {
    waiter.list_ = this;
    waiter.next_ = place;
    waiter.previous_ = place != nullptr ? place->previous_ : last_;
    (waiter.previous_ != nullptr ? waiter.previous_->next_ : first_) = &waiter;
    (place != nullptr ? place->previous_ : last_) = &waiter;
  }
  void remove(Waiter& waiter) noexcept {
    (waiter.previous_ != nullptr ? waiter.previous_->next_ : first_) = waiter.next_;
    (waiter.next_ != nullptr ? waiter.next_->previous_ : last_) = waiter.previous_;
    waiter.list_ = nullptr;
  }
  /// Takes a waiter out and lets it go on at the current date, after what is already due.
  void wake(Waiter& waiter, EventQueue& queue) noexcept {
    remove(waiter);
    queue.push_ready(waiter);
  }
  void wake_all(EventQueue& queue) noexcept {
    while (first_ != nullptr) wake(*first_, queue);
  }

 private:
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

inline Waiter::~Waiter() {
  if (list_ != nullptr) list_->remove(*this);
}

}  // namespace labtwin
