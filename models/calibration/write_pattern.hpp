#pragma once

// Which pages a run of writes touches, from the words that measurements use for it.

#include <optional>
#include <string_view>
#include <vector>

#include "models/storage/flash_log.hpp"

namespace labtwin::calibration {

/// One run of writes.
struct WritePattern {
  enum class Order : unsigned char {
    Sequential,  ///< from the first to the last page, in large blocks
    EachOnce,    ///< every page once, in random order
    Random,      ///< pages drawn anew for every write
  };
  Order order = Order::Random;
  std::vector<storage::WriteClass> classes;  ///< of Random

  /// Whether garbage collection has anything to do for it.
  [[nodiscard]] bool overwrites(storage::FlashState state) const;
};

/// Patterns: `sequential`, `uniform`, `zipf` with its exponent as detail, `zones` with shares of space and of writes
/// (`s0.9 f0.1 s0.1 f0.9`), `fiozipf`; `-shuffle` spreads the pages over the drive, which is the rule for all but `sequential`.
/// Nothing for a pattern that is none of them. `num_pages`: of the drive.
[[nodiscard]] std::optional<WritePattern> read_write_pattern(std::string_view pattern, std::string_view detail,
                                                             double num_pages);

}  // namespace labtwin::calibration
