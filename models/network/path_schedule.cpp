#include "models/network/path_schedule.hpp"

#include <algorithm>

namespace labtwin::network {
namespace {

PipeSettings pipe_settings(const Path& path, const LossModel& loss) {
  return {.rate = path.rate,
          .delay = to_nanos(path.round_trip) / 2,
          .queue_bytes = path.queue.value(),
          .loss = loss,
          .jitter = to_nanos(path.jitter),
          .shape = path.shape,
          .at_once = path.at_once,
          .duplicate = path.duplicate,
          .keeps_order = false,
          .max_held = path.max_held,
          .framing = {}};
}

/// A degradation in whole nanoseconds, so that a flap toggles when it is due however long it has been going on.
struct Span {
  const Degradation* what = nullptr;
  Nanos from = 0;
  Nanos until = kNever;

  [[nodiscard]] bool is_active(Nanos now) const noexcept { return from <= now && now < until; }
  [[nodiscard]] Nanos up() const noexcept { return to_nanos(what->flap->up); }
  [[nodiscard]] Nanos period() const noexcept { return up() + to_nanos(what->flap->down); }
  [[nodiscard]] bool is_cut(Nanos now) const noexcept {
    return what->is_partition || (what->flap && (now - from) % period() >= up());
  }
};

void add_changes(const Span& span, Nanos horizon, std::vector<Nanos>& changes) {
  const Nanos end = std::min(span.until, horizon);
  changes.push_back(span.from);
  changes.push_back(end);
  if (!span.what->flap) return;
  for (Nanos up = span.from; up < end; up += span.period()) {
    changes.push_back(up);
    changes.push_back(std::min(up + span.up(), end));
  }
}

}  // namespace

PathSchedule constant_schedule(const Path& path) {
  return {.to_server = {{.from = 0, .settings = pipe_settings(path, path.to_server)}},
          .to_client = {{.from = 0, .settings = pipe_settings(path, path.to_client)}}};
}

PipeSchedule degraded(const PipeSettings& base, const std::vector<Degradation>& degradations, Seconds horizon) {
  std::vector<Span> spans;
  std::vector<Nanos> changes{0};
  for (const Degradation& one : degradations) {
    spans.push_back({&one, to_nanos(one.from), one.until ? to_nanos(*one.until) : kNever});
    add_changes(spans.back(), to_nanos(horizon), changes);
  }
  std::sort(changes.begin(), changes.end());
  changes.erase(std::unique(changes.begin(), changes.end()), changes.end());
  PipeSchedule schedule;
  for (const Nanos at : changes) {
    PipeSettings settings = base;
    for (const Span& span : spans) {
      if (!span.is_active(at)) continue;
      span.what->effect.apply(settings);
      if (span.is_cut(at)) settings.loss = LossModel::random(1.0);
    }
    schedule.push_back({at, settings});
  }
  return schedule;
}

bool is_plain(const PipeSchedule& schedule) noexcept {
  const PipeSettings& only = schedule.front().settings;
  return schedule.size() == 1 && only.loss.mean() == 0.0 && only.jitter == 0 && only.at_once == 0.0 && only.duplicate == 0.0;
}

}  // namespace labtwin::network
