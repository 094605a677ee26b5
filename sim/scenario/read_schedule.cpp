#include "sim/scenario/read_schedule.hpp"

#include <fmt/format.h>

namespace labtwin {

workload::JobSchedule read_schedule(TableReader& table, std::string_view what) {
  workload::JobSchedule schedule;
  schedule.start = table.value_or<Seconds>("start", Seconds{}, kNonNegative);
  schedule.duration = table.optional<Seconds>("duration", kPositive);
  schedule.volume = table.optional<Bytes>("volume", kPositive);
  schedule.every = table.optional<Seconds>("every", kPositive);
  if (schedule.duration.has_value() == schedule.volume.has_value()) {
    table.fail(schedule.duration ? "volume" : "duration",
               fmt::format("exactly one of duration and volume says when the {} is done", what));
  }
  return schedule;
}

}  // namespace labtwin
