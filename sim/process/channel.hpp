#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "models/base/error.hpp"
#include "sim/engine/engine.hpp"

namespace labtwin {

/// A queue of things between processes: whoever receives waits until there is one. Things are received in the order in which
/// they were sent, by receivers in the order in which they came. The channel must outlive those who wait at it.
template <class T>
class Channel {
 public:
  /// Without a capacity it holds any number; with one, `try_send` refuses when it is full.
  explicit Channel(Engine& engine, std::optional<std::size_t> capacity = std::nullopt)
      : queue_(&engine.queue()), capacity_(capacity) {}

  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }

  /// False, and the item is dropped, if the channel is full.
  [[nodiscard]] bool try_send(T item) {
    if (Waiter* receiver = receivers_.front()) {
      static_cast<Receive*>(receiver)->item_.emplace(std::move(item));
      receivers_.wake(*receiver, *queue_);
      return true;
    }
    if (capacity_ && items_.size() >= *capacity_) return false;
    items_.push_back(std::move(item));
    return true;
  }
  /// For channels without a capacity.
  void send(T item) {
    LABTWIN_CHECK(!capacity_, "a channel with a capacity may refuse: use try_send");
    static_cast<void>(try_send(std::move(item)));
  }
  /// What is there already, without waiting.
  [[nodiscard]] std::optional<T> try_receive() {
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    return item;
  }

  class Receive final : public Waiter {
   public:
    explicit Receive(Channel& channel) noexcept : Waiter(*channel.queue_), channel_(&channel) {}
    /// A receiver that was handed an item and is cancelled before it goes on gives the item back.
    ~Receive() override {
      if (item_) channel_->items_.push_front(std::move(*item_));
    }
    [[nodiscard]] bool await_ready() {
      item_ = channel_->try_receive();
      return item_.has_value();
    }
    void await_suspend(std::coroutine_handle<> process) noexcept {
      resumes(process);
      channel_->receivers_.push_back(*this);
    }
    T await_resume() { return std::move(*std::exchange(item_, std::nullopt)); }

   private:
    friend class Channel;
    Channel* channel_;
    std::optional<T> item_;
  };
  /// `co_await channel.receive()`.
  [[nodiscard]] Receive receive() noexcept { return Receive(*this); }

 private:
  EventQueue* queue_;
  std::optional<std::size_t> capacity_;
  std::deque<T> items_;
  WaiterList receivers_;
};

}  // namespace labtwin
