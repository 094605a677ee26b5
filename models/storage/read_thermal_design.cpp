#include "models/storage/read_thermal_design.hpp"

namespace labtwin::storage {
namespace {

// Degrees Celsius between which electronics live.
constexpr double kColdest = 20.0;
constexpr double kHottest = 125.0;

}  // namespace

std::optional<ThermalDesign> read_thermal_design(TableReader& parameters) {
  std::optional<TableReader> table = parameters.optional_table("thermal");
  if (!table) return std::nullopt;
  ThermalDesign design;
  design.idle_power = table->required<Watts>("idle_power", kNonNegative);
  design.active_power = table->required<Watts>("active_power", kPositive);
  design.throttle_at = table->required<double>("throttle_at_celsius", between(kColdest, kHottest));
  design.resume_at = table->required<double>("resume_at_celsius", between(kColdest, kHottest));
  design.slow_rate = table->required<BytesPerSecond>("slow_rate", kPositive);
  if (design.active_power < design.idle_power) table->fail("active_power", "must not be less than idle_power");
  if (design.resume_at >= design.throttle_at) table->fail("resume_at_celsius", "must be below throttle_at_celsius");
  return design;
}

}  // namespace labtwin::storage
