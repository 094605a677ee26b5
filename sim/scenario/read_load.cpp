#include "sim/scenario/read_load.hpp"

namespace labtwin {

std::optional<LoadSpec> read_load(TableReader& server, const ServicePlace& place) {
  std::optional<TableReader> table = server.optional_table("load");
  if (!table) return std::nullopt;
  LoadSpec load;
  load.from = table->required<std::string>("from");
  if (!load.from.empty()) check_drive(*table, "from", load.from, place);
  load.num_streams = table->value_or<std::uint32_t>("streams", load.num_streams, between(1.0, 64.0));
  load.is_warm = table->value_or<bool>("warm", load.is_warm);
  return load;
}

}  // namespace labtwin
