#include "sim/service/trace_replay.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace labtwin::service {
namespace {

// It keeps the request until that has ended.
Task<> ask_one(TraceReplay::Ask ask, std::uint64_t number, workload::TraceRequest request) {
  co_await ask(number, request);
}

}  // namespace

Task<> ask_drawn(Engine& engine, std::shared_ptr<workload::ServegenRequests> requests, TraceReplay::Ask ask) {
  std::uint64_t number = 0;
  while (const auto request = requests->next()) {
    co_await engine.hold_until(request->at);
    engine.spawn("request", ask_one(ask, number++, *request));
  }
}

TraceReplay::TraceReplay(Engine& engine, std::shared_ptr<const workload::Trace> trace, double speed, Ask ask)
    : engine_(&engine),
      trace_(std::move(trace)),
      speed_(speed),
      ask_(std::move(ask)),
      first_follower_(trace_->requests.size() + 1),
      asked_(trace_->requests.size()) {
  const std::vector<workload::TraceRequest>& requests = trace_->requests;
  for (std::uint32_t number = 0; number < requests.size(); ++number) {
    const workload::TraceRequest& request = requests[number];
    num_awaited_.push_back(static_cast<std::uint32_t>(request.after.size()));
    if (request.after.empty()) roots_.push_back(number);
    for (const std::uint32_t before : request.after) ++first_follower_[before + 1];
  }
  std::stable_sort(roots_.begin(), roots_.end(), [&](auto a, auto b) { return requests[a].at < requests[b].at; });
  std::partial_sum(first_follower_.begin(), first_follower_.end(), first_follower_.begin());
  followers_.resize(first_follower_.back());
  std::vector<std::size_t> next = first_follower_;
  for (std::uint32_t number = 0; number < requests.size(); ++number) {
    for (const std::uint32_t before : requests[number].after) followers_[next[before]++] = number;
  }
}

std::vector<Seconds> TraceReplay::starts() const {
  std::vector<Seconds> times;
  for (const std::uint32_t root : roots_) times.push_back(trace_->requests[root].at);
  return times;
}

Task<> TraceReplay::begin_at(std::unique_ptr<const workload::ArrivalProcess> arrivals) {
  Seconds previous;
  for (; next_root_ < roots_.size(); ++next_root_) {
    const std::optional<Seconds> at = arrivals->next(next_root_, previous);
    if (!at) co_return;
    co_await engine_->hold_until(*at);
    previous = *at;
    begin(roots_[next_root_], std::make_shared<Session>(*engine_));
  }
}

Task<> TraceReplay::user() {
  while (next_root_ < roots_.size()) {
    const auto session = std::make_shared<Session>(*engine_);
    begin(roots_[next_root_++], session);
    co_await session->has_ended;
  }
}

void TraceReplay::begin(std::uint32_t root, const std::shared_ptr<Session>& session) {
  engine_->spawn("request", ask_at(root, engine_->now(), session));
}

Task<> TraceReplay::ask_at(std::uint32_t number, Seconds at, std::shared_ptr<Session> session) {
  co_await engine_->hold_until(at);
  asked_[number] = engine_->now();
  co_await ask_(number, trace_->requests[number]);
  for (std::size_t i = first_follower_[number]; i < first_follower_[number + 1]; ++i) {
    const std::uint32_t follower = followers_[i];
    if (--num_awaited_[follower] > 0) continue;
    ++session->num_open;
    engine_->spawn("request", ask_at(follower, due(follower), session));
  }
  if (--session->num_open == 0) session->has_ended.complete();
}

// All that the request waits for has ended.
Seconds TraceReplay::due(std::uint32_t number) const {
  const workload::TraceRequest& request = trace_->requests[number];
  const Seconds gap = request.gap / speed_;
  if (request.gap_from == workload::GapFrom::Answer) return engine_->now() + gap;
  return std::max(engine_->now(), asked_[request.after.front()] + gap);
}

}  // namespace labtwin::service
