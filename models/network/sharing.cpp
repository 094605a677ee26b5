#include "models/network/sharing.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace labtwin::network {
namespace {

constexpr double kExponent = 0.6;
constexpr double kQueueShare = 0.1;
constexpr double kBbrLongest = 0.02;
constexpr double kBbrAdvantage = 11.5;

double weight(const FlowSettings& flow, Seconds queue_delay) {
  const double round_trip = flow.round_trip.value();
  if (flow.control == CongestionControl::Bbr) return std::pow(std::min(round_trip, kBbrLongest), kExponent);
  return std::pow(round_trip + kQueueShare * queue_delay.value(), -kExponent);
}

}  // namespace

std::vector<double> flow_shares(const std::vector<FlowSettings>& flows, Seconds queue_delay) {
  // Weights of one algorithm compare with each other only: either group is brought to a mean of 1 first.
  std::array<double, 2> sum{};
  std::array<double, 2> num{};
  const auto group = [](const FlowSettings& flow) { return flow.control == CongestionControl::Bbr ? 1U : 0U; };
  for (const FlowSettings& flow : flows) {
    sum.at(group(flow)) += weight(flow, queue_delay);
    num.at(group(flow)) += 1.0;
  }
  const double total = num[0] / kBbrAdvantage + num[1];
  std::vector<double> shares;
  for (const FlowSettings& flow : flows) {
    const unsigned g = group(flow);
    const double of_group = num.at(g) * (g == 0U ? 1.0 / kBbrAdvantage : 1.0) / total;
    shares.push_back(of_group * weight(flow, queue_delay) / sum.at(g));
  }
  return shares;
}

}  // namespace labtwin::network
