#include "models/workload/arrival.hpp"

#include <cmath>

namespace labtwin::workload {

std::optional<Seconds> PoissonArrivals::next(std::uint64_t index, Seconds previous) const {
  return previous - std::log(stream_.uniform(index)) / rate_;
}

std::optional<Seconds> TraceArrivals::next(std::uint64_t index, Seconds /*previous*/) const {
  if (index >= times_.size()) return std::nullopt;
  return times_[index] / speed_;
}

}  // namespace labtwin::workload
