#include "models/storage/ncq_power.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::storage {
namespace {

constexpr double kCommandQueue = 32.0;

class NcqPower final : public DriveLaw {
 public:
  explicit NcqPower(const NcqPowerParameters& parameters) : parameters_(parameters) {}

  [[nodiscard]] Seconds work(const IoClass& io) const override {
    return service_time(io) / std::pow(kCommandQueue, parameters_.of(io).ncq_exponent);
  }

  [[nodiscard]] Seconds mean_latency(const IoClass& io, const DriveLoad& load) const override {
    const double depth = std::max(1.0, load.backlog / work(io));
    return service_time(io) * depth / std::pow(std::min(depth, kCommandQueue), parameters_.of(io).ncq_exponent);
  }

  [[nodiscard]] TailShape tail(const IoClass& io, double utilization) const override {
    return parameters_.of(io).tail.at(utilization);
  }

 private:
  [[nodiscard]] Seconds service_time(const IoClass& io) const {
    const NcqClass& c = parameters_.of(io);
    return c.positioning_time + io.block_size / c.bandwidth;
  }

  NcqPowerParameters parameters_;
};

}  // namespace

std::unique_ptr<DriveLaw> make_ncq_power(const NcqPowerParameters& parameters) {
  return std::make_unique<NcqPower>(parameters);
}

}  // namespace labtwin::storage
