#include "models/vector/search_host.hpp"

namespace labtwin::vector {
namespace {

SearchCost read_cost(TableReader table) {
  SearchCost cost;
  cost.per_query = table.required<Seconds>("query", kNonNegative);
  cost.per_round = table.required<Seconds>("round", kNonNegative);
  cost.per_distance = table.required<Seconds>("distance", kNonNegative);
  return cost;
}

Interruptions read_interruptions(TableReader table) {
  Interruptions interruptions;
  interruptions.rate = table.required<PerSecond>("rate", kNonNegative);
  interruptions.mean_duration = table.required<Seconds>("mean_duration", kNonNegative);
  return interruptions;
}

}  // namespace

SearchHost read_search_host(TableReader& parameters) {
  SearchHost host;
  host.num_cores = parameters.required<std::size_t>("cores", at_least(1.0));
  host.drive = parameters.required<std::string>("drive");
  host.graph = read_cost(parameters.table("graph"));
  host.inverted_lists = read_cost(parameters.table("inverted_lists"));
  host.wake_up = parameters.required<Seconds>("wake_up", kNonNegative);
  host.interruptions = read_interruptions(parameters.table("interruptions"));
  TableReader job = parameters.table("job");
  host.job.think_time = job.required<Seconds>("think_time", kNonNegative);
  host.job.interruptions = read_interruptions(job.table("interruptions"));
  host.job.pacing_slowdown = job.value_or<double>("pacing_slowdown", 1.0, at_least(1.0));
  host.job.starved_interruptions = read_interruptions(job.table("starved_interruptions"));
  return host;
}

}  // namespace labtwin::vector
