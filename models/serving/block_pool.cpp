#include "models/serving/block_pool.hpp"

#include "models/base/error.hpp"

namespace labtwin::serving {
namespace {

constexpr std::uint64_t kNothing = ~0ULL;

}  // namespace

BlockPool::BlockPool(std::size_t num_blocks)
    : users_(num_blocks), held_(num_blocks, kNothing), next_(num_blocks + 1), previous_(num_blocks + 1) {
  const auto end = static_cast<BlockId>(num_blocks);
  next_[end] = previous_[end] = end;
  for (BlockId block = 0; block < end; ++block) append(block);
}

BlockId BlockPool::allocate() {
  LABTWIN_CHECK(num_free_ > 0, "a block of an exhausted pool");
  const BlockId block = next_.back();
  unlink(block);
  users_[block] = 1;
  if (held_[block] != kNothing) {
    const auto found = by_key_.find(held_[block]);
    if (found != by_key_.end() && found->second == block) by_key_.erase(found);
    held_[block] = kNothing;
  }
  return block;
}

std::optional<BlockId> BlockPool::find(BlockKey key) const {
  const auto found = by_key_.find(packed(key));
  if (found == by_key_.end()) return std::nullopt;
  return found->second;
}

void BlockPool::share(BlockId block) {
  if (users_[block]++ == 0) unlink(block);
}

void BlockPool::label(BlockId block, BlockKey key) {
  held_[block] = packed(key);
  by_key_.try_emplace(held_[block], block);
}

void BlockPool::release(BlockId block) {
  LABTWIN_CHECK(users_[block] > 0, "a block released twice");
  if (--users_[block] == 0) append(block);
}

void BlockPool::unlink(BlockId block) {
  next_[previous_[block]] = next_[block];
  previous_[next_[block]] = previous_[block];
  --num_free_;
}

void BlockPool::append(BlockId block) {
  const auto end = static_cast<BlockId>(num_blocks());
  previous_[block] = previous_[end];
  next_[block] = end;
  next_[previous_[end]] = block;
  previous_[end] = block;
  ++num_free_;
}

}  // namespace labtwin::serving
