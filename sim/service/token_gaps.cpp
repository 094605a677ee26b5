#include "sim/service/token_gaps.hpp"

#include <algorithm>

namespace labtwin::service {
namespace {

constexpr double kAlike = 0.005;

}  // namespace

void TokenGaps::add(std::uint64_t count, Seconds sum) {
  const Seconds mean = sum / static_cast<double>(count);
  if (!alike_.empty() && abs(mean - first_) <= first_ * kAlike) {
    alike_.back().count += count;
    alike_.back().sum += sum;
    return;
  }
  alike_.push_back({count, sum});
  first_ = mean;
}

void add_run(TokenGaps& gaps, const serving::StepRun& run, std::uint64_t num_steps, Seconds elapsed) {
  if (num_steps < 2) return;
  const double stretch = elapsed / run.time(num_steps);
  for (std::uint64_t done = 1; done < num_steps;) {
    const Seconds step = run.first + run.growth * static_cast<double>(done);
    const double alike = run.growth > Seconds{} ? kAlike * (step / run.growth) : static_cast<double>(num_steps);
    const std::uint64_t rest = num_steps - done;
    const std::uint64_t count =
        alike >= static_cast<double>(rest) ? rest : std::max<std::uint64_t>(1, static_cast<std::uint64_t>(alike));
    gaps.add(count, (run.time(done + count) - run.time(done)) * stretch);
    done += count;
  }
}

}  // namespace labtwin::service
