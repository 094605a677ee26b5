#include "models/storage/bulk_flow.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace labtwin::storage {
namespace {

constexpr int kMaxIterations = 200;
constexpr double kConverged = 1e-10;

// What a request of stream `i` finds in flight, itself included.
Seconds backlog_of(std::size_t i, Occupancy::Weights weights, const std::vector<BulkDemand>& demands,
                   const std::vector<BulkFlow>& flows) {
  Seconds backlog = demands[i].work * std::max(1.0, flows[i].num_in_flight);
  const double other_direction =
      demands[i].request.direction == Direction::Read ? weights.write_on_read : weights.read_on_write;
  for (std::size_t j = 0; j < demands.size(); ++j) {
    if (j == i) continue;
    const bool same = demands[j].request.direction == demands[i].request.direction;
    backlog += demands[j].work * flows[j].num_in_flight * (same ? 1.0 : other_direction);
  }
  return backlog;
}

}  // namespace

std::vector<BulkFlow> share_drive(const DriveLaw& law, Occupancy::Weights weights, const std::vector<BulkDemand>& demands) {
  std::vector<BulkFlow> flows(demands.size());
  for (std::size_t i = 0; i < demands.size(); ++i) flows[i].num_in_flight = demands[i].window;
  for (int iteration = 0; iteration < kMaxIterations; ++iteration) {
    double change = 0.0;
    for (std::size_t i = 0; i < demands.size(); ++i) {
      BulkFlow& flow = flows[i];
      const Seconds backlog = backlog_of(i, weights, demands, flows);
      flow.request_latency = law.mean_latency(demands[i].request, {backlog, std::max(1.0, flow.num_in_flight)});
      const BulkDemand& demand = demands[i];
      const Seconds cycle = flow.request_latency + demand.think_time;
      const double unlimited = demand.window * (flow.request_latency / cycle) * demand.availability;
      const double scheduled = demand.rate_limit ? *demand.rate_limit * flow.request_latency : unlimited;
      flow.window_full = scheduled >= unlimited;
      const double in_flight = std::min(scheduled, unlimited);
      change = std::max(change, std::abs(in_flight - flow.num_in_flight));
      flow.num_in_flight = in_flight;
      flow.request_rate = in_flight / flow.request_latency;
    }
    if (change < kConverged) break;
  }
  return flows;
}

}  // namespace labtwin::storage
