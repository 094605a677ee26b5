#include <algorithm>
#include <cmath>
#include <cstdint>

#include "models/storage/block_cache.hpp"
#include "models/storage/recency_lists.hpp"

namespace labtwin::storage {
namespace {

constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;

class TwoListCache final : public BlockCache {
 public:
  TwoListCache(std::size_t capacity, double active_per_inactive)
      : capacity_(std::max<std::size_t>(1, capacity)), ratio_(active_per_inactive), lists_(2 * capacity_) {}

  bool touch(std::uint64_t block) override {
    const Slot slot = lists_.find(block);
    if (slot != Lists::kNone && lists_.entry(slot).list != List::Evicted) {
      read_again(slot);
      return true;
    }
    const bool was_missed_soon = slot != Lists::kNone && clock_ - lists_.entry(slot).age <= lists_.size(List::Active);
    if (slot != Lists::kNone) lists_.remove(slot);
    if (num_held() == capacity_) evict();
    const Slot added = lists_.add(block, was_missed_soon ? List::Active : List::Inactive);
    lists_.entry(added).is_referenced = !was_missed_soon;
    if (was_missed_soon) ++clock_;
    return false;
  }

  [[nodiscard]] bool holds(std::uint64_t block) const override {
    const Slot slot = lists_.find(block);
    return slot != Lists::kNone && lists_.entry(slot).list != List::Evicted;
  }

  [[nodiscard]] std::size_t num_held() const override { return lists_.size(List::Active) + lists_.size(List::Inactive); }

 private:
  enum class List : std::uint8_t { Active, Inactive, Evicted };
  using Lists = RecencyLists<List, 3>;
  using Slot = Lists::Slot;

  void read_again(Slot slot) {
    auto& entry = lists_.entry(slot);
    if (entry.list == List::Active || !entry.is_referenced) {
      entry.is_referenced = true;
      return;
    }
    entry.is_referenced = false;
    lists_.move(slot, List::Active);
    ++clock_;
  }

  // The clock counts evictions and activations, as the shadows of the kernel do.
  void evict() {
    while (static_cast<double>(lists_.size(List::Active)) > ratio_ * static_cast<double>(lists_.size(List::Inactive))) {
      lists_.move(lists_.tail(List::Active), List::Inactive);
    }
    const Slot oldest = lists_.tail(List::Inactive);
    lists_.entry(oldest).age = clock_++;
    lists_.move(oldest, List::Evicted);
    if (lists_.size(List::Evicted) > capacity_) lists_.remove(lists_.tail(List::Evicted));
  }

  std::size_t capacity_;
  double ratio_;
  Lists lists_;
  std::uint64_t clock_ = 0;
};

}  // namespace

double active_per_inactive(Bytes memory) {
  return std::max(1.0, std::floor(std::sqrt(10.0 * std::floor(memory.value() / kGibibyte))));
}

std::unique_ptr<BlockCache> make_two_list_cache(std::size_t capacity, double active_per_inactive) {
  return std::make_unique<TwoListCache>(capacity, active_per_inactive);
}

}  // namespace labtwin::storage
