#include "sim/scenario/read_bulk_copy.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "sim/scenario/read_schedule.hpp"

namespace labtwin {

ServiceKind read_bulk_copy(TableReader& table, const ServicePlace& place) {
  BulkCopySpec spec;
  spec.from = table.required<std::string>("from");
  spec.to = table.required<std::string>("to");
  if (place.node != nullptr) {
    std::vector<std::string> places{"memory"};
    for (const GpuSpec& gpu : place.node->gpus) places.push_back(gpu.name);
    check_reference(table, "from", spec.from, places);
    check_reference(table, "to", spec.to, places);
    if (place.node->board.empty()) {
      table.fail("node", fmt::format("{} names no board: nothing is known of the links that a copy crosses", place.node->name),
                 "board = \"...\", see labtwin parts boards");
    }
  }
  if (!spec.from.empty() && spec.from == spec.to) table.fail("to", "must be another place than from");
  spec.rate_limit = table.optional<BytesPerSecond>("rate_limit", kPositive);
  spec.memory = table.value_or<Bytes>("memory", Bytes{}, kNonNegative);
  spec.schedule = read_schedule(table, "copy");
  spec.is_enabled = table.value_or<bool>("enabled", true);
  return spec;
}

}  // namespace labtwin
