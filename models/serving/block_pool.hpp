#pragma once

// The KV cache of an inference engine as blocks of tokens, with the identity of what full blocks hold.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace labtwin::serving {

using BlockId = std::uint32_t;

/// What a full block holds: the tokens of one content (a prompt that several requests share, or one request's own), by the
/// number of the block in it.
struct BlockKey {
  std::uint64_t content = 0;  ///< < 2^40
  std::uint32_t index = 0;    ///< < 2^24
};

/// Blocks are taken from the front of a queue of free ones and come back at its end, so that what they hold can be found again
/// until the queue has gone round (vLLM's BlockPool and FreeKVCacheBlockQueue).
class BlockPool {
 public:
  explicit BlockPool(std::size_t num_blocks);

  [[nodiscard]] std::size_t num_blocks() const noexcept { return users_.size(); }
  [[nodiscard]] std::size_t num_free() const noexcept { return num_free_; }
  [[nodiscard]] bool is_free(BlockId block) const { return users_[block] == 0; }

  /// The free block that waits longest; what it held is forgotten. There must be one.
  BlockId allocate();
  /// The block that holds this, in use or free.
  [[nodiscard]] std::optional<BlockId> find(BlockKey key) const;
  /// One more user of a block found.
  void share(BlockId block);
  /// Says what a block holds now that it is full. Of two blocks that hold the same, the first is found.
  void label(BlockId block, BlockKey key);
  /// One user less; without users the block is free.
  void release(BlockId block);

 private:
  static std::uint64_t packed(BlockKey key) { return (key.content << 24U) | key.index; }
  void unlink(BlockId block);
  void append(BlockId block);

  std::vector<std::uint32_t> users_;
  std::vector<std::uint64_t> held_;  ///< by block; kNothing if it is not full
  std::vector<BlockId> next_;        ///< of the queue of free blocks; the entry behind the last block is its head and end
  std::vector<BlockId> previous_;
  std::unordered_map<std::uint64_t, BlockId> by_key_;
  std::size_t num_free_ = 0;
};

}  // namespace labtwin::serving
