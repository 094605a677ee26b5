#include "sim/process/recorder.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "models/base/error.hpp"

namespace labtwin {
namespace {

/// A date is a double: at 30 days its last place is worth 0.5 ns. Each piece of a timeline lies between two dates.
Seconds rounding_of(const RequestEnd& end, const Timeline& timeline) {
  const double last_place = std::nextafter(end.ended.value(), std::numeric_limits<double>::infinity()) - end.ended.value();
  return Seconds::from_base(last_place * static_cast<double>(timeline.num_pieces() + 1));
}

void check_sum(const RequestEnd& end, const Timeline& timeline) {
  const Seconds sojourn = end.ended - end.arrived;
  const Seconds allowed = Seconds::from_base(1e-9) + rounding_of(end, timeline);
  const Seconds error = abs(timeline.total() - sojourn);
  LABTWIN_CHECK(error <= allowed, fmt::format("request {} took {} s, of which its timeline explains {} s", end.request,
                                              sojourn.value(), timeline.total().value()));
}

}  // namespace

void Recorder::end(const RequestEnd& end, const Timeline& timeline) {
  check_sum(end, timeline);
  outcomes_[end.workload].end(end.outcome);
  if (!is_measured(end)) return;
  if (end.outcome == Outcome::Completed) requests_[end.workload].add(end.ended - end.arrived, timeline);
  if (options_.keep_requests) rows_.push_back(end);
}

void Recorder::end_stage(StageId stage, const RequestEnd& end, const Timeline& timeline, std::uint64_t count) {
  check_sum(end, timeline);
  if (!is_measured(end) || end.outcome != Outcome::Completed) return;
  stages_[{end.workload, stage}].add(end.ended - end.arrived, timeline, count);
}

}  // namespace labtwin
