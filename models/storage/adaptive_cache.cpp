#include <algorithm>
#include <cstdint>

#include "models/storage/block_cache.hpp"
#include "models/storage/recency_lists.hpp"

namespace labtwin::storage {
namespace {

class AdaptiveCache final : public BlockCache {
 public:
  explicit AdaptiveCache(std::size_t capacity) : capacity_(std::max<std::size_t>(1, capacity)), lists_(2 * capacity_) {}

  bool touch(std::uint64_t block) override {
    const Slot slot = lists_.find(block);
    if (slot == Lists::kNone) {
      make_room_for_new();
      lists_.add(block, List::Once);
      return false;
    }
    const List where = lists_.entry(slot).list;
    if (where == List::LeftOnce || where == List::LeftOften) adapt(where);
    lists_.move(slot, List::Often);
    return where == List::Once || where == List::Often;
  }

  [[nodiscard]] bool holds(std::uint64_t block) const override {
    const Slot slot = lists_.find(block);
    if (slot == Lists::kNone) return false;
    const List where = lists_.entry(slot).list;
    return where == List::Once || where == List::Often;
  }

  [[nodiscard]] std::size_t num_held() const override { return lists_.size(List::Once) + lists_.size(List::Often); }

 private:
  enum class List : std::uint8_t { Once, Often, LeftOnce, LeftOften };  // T1, T2, B1, B2
  using Lists = RecencyLists<List, 4>;
  using Slot = Lists::Slot;

  void adapt(List where) {
    const auto left_once = static_cast<double>(lists_.size(List::LeftOnce));
    const auto left_often = static_cast<double>(lists_.size(List::LeftOften));
    if (where == List::LeftOnce) {
      target_ = std::min(static_cast<double>(capacity_), target_ + std::max(1.0, left_often / left_once));
    } else {
      target_ = std::max(0.0, target_ - std::max(1.0, left_once / left_often));
    }
    if (num_held() >= capacity_) replace(where == List::LeftOften);
  }

  void make_room_for_new() {
    const std::size_t seen_once = lists_.size(List::Once) + lists_.size(List::LeftOnce);
    if (seen_once >= capacity_) {
      if (lists_.size(List::Once) == capacity_) {
        lists_.remove(lists_.tail(List::Once));
        return;
      }
      lists_.remove(lists_.tail(List::LeftOnce));
    } else if (seen_once + lists_.size(List::Often) + lists_.size(List::LeftOften) >= 2 * capacity_) {
      lists_.remove(lists_.tail(List::LeftOften));
    }
    if (num_held() >= capacity_) replace(false);
  }

  void replace(bool for_one_that_left_often) {
    const auto once = static_cast<double>(lists_.size(List::Once));
    const bool takes_once = once > 0.0 && (once > target_ || (for_one_that_left_often && once >= target_));
    if (takes_once || lists_.size(List::Often) == 0) {
      lists_.move(lists_.tail(List::Once), List::LeftOnce);
    } else {
      lists_.move(lists_.tail(List::Often), List::LeftOften);
    }
  }

  std::size_t capacity_;
  double target_ = 0.0;  // of the number read once
  Lists lists_;
};

}  // namespace

std::unique_ptr<BlockCache> make_adaptive_cache(std::size_t capacity) {
  return std::make_unique<AdaptiveCache>(capacity);
}

}  // namespace labtwin::storage
