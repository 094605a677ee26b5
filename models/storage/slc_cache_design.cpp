#include "models/storage/slc_cache_design.hpp"

#include <algorithm>

namespace labtwin::storage {

SlcCacheParameters SlcCacheDesign::holding(Bytes data) const {
  const Bytes free = std::max(Bytes{}, capacity - data);
  return {.size = fixed + of_free * free, .direct_rate = direct_rate, .refill_rate = refill_rate};
}

std::optional<SlcCacheDesign> read_slc_cache_design(TableReader& parameters) {
  std::optional<TableReader> table = parameters.optional_table("slc_cache");
  if (!table) return std::nullopt;
  SlcCacheDesign design;
  design.capacity = table->required<Bytes>("capacity", kPositive);
  design.fixed = table->required<Bytes>("fixed", kPositive);
  design.of_free = table->required<double>("of_free", between(0.0, 1.0));
  design.direct_rate = table->required<BytesPerSecond>("direct_rate", kPositive);
  design.refill_rate = table->required<BytesPerSecond>("refill_rate", kPositive);
  if (design.fixed > design.capacity) table->fail("fixed", "must not exceed the capacity of the drive");
  return design;
}

}  // namespace labtwin::storage
