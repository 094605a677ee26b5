#include "models/network/nic_design.hpp"

#include <algorithm>

#include "models/network/goodput.hpp"
#include "models/network/path.hpp"

namespace labtwin::network {

BytesPerSecond NicDesign::effective_rate() const noexcept {
  const double share = wire_goodput(line_rate, TcpSettings{}.mtu) / line_rate;
  return std::min(line_rate, goodput * (1.0 / share));
}

NicDesign read_nic_design(TableReader& parameters) {
  NicDesign design;
  design.line_rate = parameters.required<BytesPerSecond>("line_rate", kPositive);
  design.goodput = parameters.required<BytesPerSecond>("goodput", kPositive);
  design.spread = parameters.required<double>("spread", between(0.0, 2.0));
  design.latency = parameters.required<Seconds>("latency", kNonNegative);
  if (design.goodput > design.line_rate) parameters.fail("goodput", "must be at most line_rate");
  return design;
}

}  // namespace labtwin::network
