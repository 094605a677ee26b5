#pragma once

#include <optional>

#include "models/base/table_reader.hpp"
#include "models/storage/slc_cache.hpp"

namespace labtwin::storage {

/// The SLC cache that a drive is built with. Law: size = fixed + of_free x (capacity - data): what is not needed for data is
/// lent to the cache, at one bit where three or four would fit, so that of_free is at most 1/3 (TLC) or 1/4 (QLC).
struct SlcCacheDesign {
  Bytes capacity;        ///< of the drive
  Bytes fixed;           ///< there at any time
  double of_free = 0.0;  ///< 0 to 1
  BytesPerSecond direct_rate;
  BytesPerSecond refill_rate;

  /// With this much data on the drive, at most its capacity.
  [[nodiscard]] SlcCacheParameters holding(Bytes data) const;
};

/// From [parameters.slc_cache]; nothing for a drive without.
[[nodiscard]] std::optional<SlcCacheDesign> read_slc_cache_design(TableReader& parameters);

}  // namespace labtwin::storage
