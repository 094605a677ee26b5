#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace labtwin::storage {

/// Objects addressed by small numbers that stay valid until released; numbers (and the memory behind them) are used again.
template <class T>
class SlotPool {
 public:
  std::uint32_t take() {
    if (free_.empty()) {
      items_.emplace_back();
      used_.push_back(true);
      return static_cast<std::uint32_t>(items_.size() - 1);
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    used_[slot] = true;
    return slot;
  }

  void release(std::uint32_t slot) {
    used_[slot] = false;
    free_.push_back(slot);
  }

  [[nodiscard]] T& operator[](std::uint32_t slot) { return items_[slot]; }
  [[nodiscard]] const T& operator[](std::uint32_t slot) const { return items_[slot]; }
  [[nodiscard]] std::size_t num_used() const noexcept { return items_.size() - free_.size(); }

  /// Calls `visit(slot, item)` for every item in use, in order of slots. `visit` may release the item it is given.
  template <class Visit>
  void for_each(Visit visit) {
    for (std::uint32_t slot = 0; slot < items_.size(); ++slot) {
      if (used_[slot]) visit(slot, items_[slot]);
    }
  }
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t slot = 0; slot < items_.size(); ++slot) {
      if (used_[slot]) visit(slot, items_[slot]);
    }
  }

 private:
  std::vector<T> items_;
  std::vector<bool> used_;
  std::vector<std::uint32_t> free_;
};

}  // namespace labtwin::storage
