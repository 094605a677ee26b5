#pragma once

// How flash memory ages under writes: why a drive that has been filled writes at a fraction of its first speed.

#include <cstddef>
#include <optional>
#include <vector>

#include "models/base/units.hpp"

namespace labtwin::storage {

/// Pages that are written equally often.
struct WriteClass {
  double pages = 1.0;   ///< share of the drive's pages, 0 to 1
  double writes = 1.0;  ///< share of all writes that go to them, 0 to 1
};

/// What the drive holds when the writing begins.
enum class FlashState : unsigned char {
  Empty,  ///< sanitized: no page is in use
  Full,   ///< every page was written once, in an order that has nothing to do with the writes to come
};

/// What a drive under endless writes is made of. Amounts are in multiples of its capacity.
struct FlashParameters {
  Bytes capacity{};           ///< > 0; nothing where it does not matter
  BytesPerSecond sequential;  ///< host writes while nothing is copied
  BytesPerSecond random;      ///< the same in small blocks
  double spare = 0.15;        ///< flash beyond the capacity that garbage collection can use, as a fraction of it, > 0
  double copy_cost = 1.0;     ///< time to copy a page during garbage collection over the time of a random host write, >= 0
};

/// Law:    a log of erase blocks with greedy cleaning, in the mean: a write fills the open block and makes the page's old place
///         invalid; a page of a class survives dh written with probability exp(-dh writes/pages); once the free blocks are
///         used up, the block with the fewest valid pages is copied to a second open block and erased.
///         Host rate = 1 / (1/random + copy_cost/random x pages copied per page written).
/// Inputs: spare as above, classes that add up to 1 and 1.
/// Valid:  writes much smaller than an erase block, without trim; a steady state takes a few capacities. What is copied shares
///         its blocks whether it is rewritten often or never, so that skewed writes cost up to a quarter more copies than
///         uniform ones: pages that nobody rewrites hold spare in blocks that cleaning leaves alone. Drives do the same: three
///         write 95 % to 5 % of their pages 12 to 16 % slower than nearly uniformly in the end. A hot set smaller than the
///         spare costs no copies at all. Deliberately left out: streams that separate hot from cold, wear levelling, parity
///         blocks, mapping-table writes.
/// Source: Desnoyers, "Analytic modeling of SSD write performance", SYSTOR 2012 (greedy cleaning, mean field).
/// Error:  tests/unit/storage/flash_log_test.cpp (closed forms) and the sets of kind sustained_write.
class FlashLog {
 public:
  FlashLog(double spare, std::vector<WriteClass> classes, FlashState state);

  /// Writes `step()` more and returns the amount that was copied meanwhile.
  double advance();
  /// Amount written by one `advance`.
  [[nodiscard]] double step() const noexcept { return step_; }
  /// Amount of valid data on the flash, 0 to 1.
  [[nodiscard]] double valid() const;
  /// Amount of flash that holds neither valid nor invalid pages.
  [[nodiscard]] double free() const;

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  [[nodiscard]] std::size_t take_free_block();
  [[nodiscard]] double valid_of(std::size_t block) const;
  [[nodiscard]] std::size_t victim() const;
  [[nodiscard]] bool needs_cleaning() const;
  void expire_overwritten();
  void write_host();
  std::optional<double> clean_one();

  std::vector<WriteClass> classes_;
  std::vector<double> survival_;  // per class, of a page over one step
  double block_ = 0.0;            // amount of one block
  double step_ = 0.0;
  double reserve_ = 0.0;       // free blocks that cleaning keeps
  std::vector<double> valid_;  // (num_blocks, num_classes): valid amount
  std::vector<bool> in_use_;   // per block
  std::vector<std::size_t> free_;
  std::size_t host_block_ = kNone;
  std::size_t copy_block_ = kNone;
  double host_filled_ = 0.0;
  double copy_filled_ = 0.0;
};

/// Pages copied per page written once uniformly random writes have gone on for long, for a drive with this spare: u / (1 - u)
/// with u = exp(-(1 + spare) (1 - u)), the share of a block that is still valid when its turn comes.
[[nodiscard]] double steady_copies_per_write(double spare);

}  // namespace labtwin::storage
