#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace labtwin::storage {

/// Blocks in a few lists ordered by recency, each block in one of them at most. Every operation takes constant time.
template <class List, std::size_t kNumLists>
class RecencyLists {
 public:
  using Slot = std::uint32_t;
  static constexpr Slot kNone = ~Slot{0};

  struct Entry {
    std::uint64_t block = 0;
    List list{};
    bool is_referenced = false;  ///< touched again since it came
    std::uint64_t age = 0;       ///< for the caller
    Slot towards_head = kNone;
    Slot towards_tail = kNone;
  };

  explicit RecencyLists(std::size_t num_blocks) {
    entries_.reserve(num_blocks);
    by_block_.reserve(num_blocks);
  }

  [[nodiscard]] std::size_t size(List list) const noexcept { return ends_[index(list)].size; }
  /// The least recent of a list that is not empty.
  [[nodiscard]] Slot tail(List list) const noexcept { return ends_[index(list)].tail; }
  [[nodiscard]] Entry& entry(Slot slot) noexcept { return entries_[slot]; }
  [[nodiscard]] const Entry& entry(Slot slot) const noexcept { return entries_[slot]; }

  /// `kNone` if the block is in no list.
  [[nodiscard]] Slot find(std::uint64_t block) const {
    const auto found = by_block_.find(block);
    return found == by_block_.end() ? kNone : found->second;
  }

  Slot add(std::uint64_t block, List list) {
    Slot slot = kNone;
    if (free_.empty()) {
      slot = static_cast<Slot>(entries_.size());
      entries_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    entries_[slot] = {.block = block};
    by_block_.emplace(block, slot);
    link(slot, list);
    return slot;
  }

  /// To the head of the list.
  void move(Slot slot, List list) {
    unlink(slot);
    link(slot, list);
  }

  void remove(Slot slot) {
    unlink(slot);
    by_block_.erase(entries_[slot].block);
    free_.push_back(slot);
  }

 private:
  struct Ends {
    Slot head = kNone;
    Slot tail = kNone;
    std::size_t size = 0;
  };

  static constexpr std::size_t index(List list) noexcept { return static_cast<std::size_t>(list); }

  void link(Slot slot, List list) {
    Ends& ends = ends_[index(list)];
    Entry& entry = entries_[slot];
    entry.list = list;
    entry.towards_head = kNone;
    entry.towards_tail = ends.head;
    (ends.head == kNone ? ends.tail : entries_[ends.head].towards_head) = slot;
    ends.head = slot;
    ++ends.size;
  }

  void unlink(Slot slot) {
    const Entry& entry = entries_[slot];
    Ends& ends = ends_[index(entry.list)];
    (entry.towards_head == kNone ? ends.head : entries_[entry.towards_head].towards_tail) = entry.towards_tail;
    (entry.towards_tail == kNone ? ends.tail : entries_[entry.towards_tail].towards_head) = entry.towards_head;
    --ends.size;
  }

  std::array<Ends, kNumLists> ends_{};
  std::vector<Entry> entries_;
  std::vector<Slot> free_;
  std::unordered_map<std::uint64_t, Slot> by_block_;  ///< looked up only, never walked
};

}  // namespace labtwin::storage
