#include "models/storage/queue_depth_curve.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::storage {
namespace {

class QueueDepthCurve final : public DriveLaw {
 public:
  explicit QueueDepthCurve(const QueueDepthParameters& parameters) : parameters_(parameters) {}

  [[nodiscard]] Seconds work(const IoClass& io) const override {
    const QueueDepthClass& c = parameters_.of(io);
    const Seconds per_request = 1.0 / c.max_iops;
    const Seconds per_bytes = io.block_size / c.bandwidth;
    return c.work_rule == WorkRule::Sum ? per_request + per_bytes : std::max(per_request, per_bytes);
  }

  [[nodiscard]] Seconds mean_latency(const IoClass& io, const DriveLoad& load) const override {
    const QueueDepthClass& c = parameters_.of(io);
    const Seconds floor = c.latency_floor + io.block_size / c.stream_bandwidth;
    // The larger term is factored out: its ratio to itself is 1, so that no power over- or underflows.
    const Seconds larger = std::max(floor, load.backlog);
    const double ratio = std::min(floor, load.backlog) / larger;
    return larger * std::pow(1.0 + std::pow(ratio, c.knee), 1.0 / c.knee);
  }

  [[nodiscard]] TailShape tail(const IoClass& io, double utilization) const override {
    return parameters_.of(io).tail.at(utilization);
  }

 private:
  QueueDepthParameters parameters_;
};

}  // namespace

std::unique_ptr<DriveLaw> make_queue_depth_curve(const QueueDepthParameters& parameters) {
  return std::make_unique<QueueDepthCurve>(parameters);
}

}  // namespace labtwin::storage
