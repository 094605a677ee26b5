#include "sim/engine/transfers.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/base/error.hpp"

namespace labtwin {

namespace sg4 = simgrid_names::sg4;
using topology::LaneId;
using topology::LinkId;

Transfers::Transfers(SimgridKernel& kernel, EventQueue& queue, const topology::Topology& topology,
                     std::size_t max_flows_per_link)
    : kernel_(&kernel),
      queue_(&queue),
      platform_(kernel.engine(), topology),
      max_flows_per_link_(max_flows_per_link),
      lanes_(2 * topology.links().size()) {
  LABTWIN_CHECK(max_flows_per_link > 0, "a link without flows moves nothing");
  for (std::size_t cap = Platform::kNumCaps; cap > 0; --cap) free_caps_.push_back(cap - 1);
  for (const topology::Link& link : topology.links()) {
    links_.push_back({.bandwidth = link.bandwidth, .latency = link.latency});
    sharing_.push_back(link.sharing);
  }
  simgrid_names::on_comm_completion([this](const Activity& activity) { on_completion(activity); });
  sg4::Engine::on_time_advance_cb([this](double) {
    if (!flows_.empty()) kernel_->stay_at_this_date();
  });
}

bool Transfers::HopsBefore::operator()(const std::vector<topology::Hop>& a, const std::vector<topology::Hop>& b) const {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.link != y.link ? x.link < y.link : x.forward < y.forward;
  });
}

const RouteUse& Transfers::use(const topology::Route& route) {
  const auto known = uses_.find(route.hops);
  if (known != uses_.end()) return known->second;

  RouteUse use;
  for (const topology::Hop& hop : route.hops) {
    const std::optional<LaneId> lane = topology::find_lane(sharing_.at(hop.link), hop);
    const auto same = std::find_if(use.links.begin(), use.links.end(),
                                   [&](const LinkUse& other) { return other.link == hop.link && other.lane == lane; });
    if (same == use.links.end()) {
      use.links.push_back({.link = hop.link, .lane = lane});
    } else if (lane) {
      same->num_crossings += 1.0;
    }
    use.crossed.push_back(hop.link);
  }
  if (!route.hops.empty()) use.path = platform_.add_path(route.hops);
  const auto added = uses_.emplace(route.hops, std::move(use)).first;
  added->second.hops = &added->first;
  return added->second;
}

std::size_t Transfers::num_flows(const topology::Route& route) const noexcept {
  std::size_t most = 0;
  for (const topology::Hop& hop : route.hops) {
    const std::optional<LaneId> lane = topology::find_lane(sharing_[hop.link], hop);
    if (lane) most = std::max(most, lanes_[*lane].num_flows);
  }
  return most;
}

void Transfers::submit(Transfer& transfer) {
  transfer.sequence_ = queue_->next_sequence();
  transfer.submitted_ = transfer.started_ = Seconds::from_base(queue_->now());
  transfer.result_.uncontended = uncontended(transfer);
  const RouteUse& use = *transfer.use_;
  if (use.links.empty() || !is_route_on(use)) {
    transfer.result_.outcome = use.links.empty() ? Outcome::Completed : Outcome::Failed;
    transfer.state_ = Transfer::State::Ended;
    queue_->push_ready(transfer);
    return;
  }
  if (may_start(transfer)) {
    start(transfer);
    return;
  }
  transfer.state_ = Transfer::State::Waiting;
  for (const LinkUse& link : use.links) {
    if (link.lane) lanes_[*link.lane].waiting.emplace(transfer.sequence_, &transfer);
  }
  take_snapshot(transfer);
}

void Transfers::withdraw(Transfer& transfer) {
  const Transfer::State state = std::exchange(transfer.state_, Transfer::State::Ended);
  if (state == Transfer::State::Waiting) leave_queues(transfer);
  if (state == Transfer::State::Flowing) stop_flow(transfer);
  if (state == Transfer::State::Flowing || state == Transfer::State::Arrived) leave_links(transfer);
  if (state == Transfer::State::New || state == Transfer::State::Ended || is_closed_) return;
  start_waiting(*transfer.use_);
}

void Transfers::stop_flow(Transfer& transfer) {
  if (!transfer.flow_) {
    std::erase(launching_, &transfer);
    return;
  }
  const Comm comm = take_flow(transfer);
  comm->set_data(nullptr);
  comm->cancel();
  keep_until_later(comm);
}

void Transfers::finish(Transfer& transfer) {
  if (transfer.state_ != Transfer::State::Arrived) return;
  leave_links(transfer);
  end(transfer, transfer.result_.outcome);
  start_waiting(*transfer.use_);
}

void Transfers::set_bandwidth(LinkId link, BytesPerSecond bandwidth) {
  LABTWIN_CHECK(bandwidth > BytesPerSecond{}, "a link without bandwidth is off");
  advance(2 * link);
  advance(2 * link + 1);
  links_.at(link).bandwidth = bandwidth;
  platform_.set_bandwidth(link, bandwidth);
}

void Transfers::set_link_on(LinkId link, bool on) {
  links_.at(link).is_on = on;
  platform_.turn(link, on);
}

bool Transfers::is_route_on(const RouteUse& use) const noexcept {
  return std::all_of(use.links.begin(), use.links.end(), [&](const LinkUse& link) { return links_[link.link].is_on; });
}

/// Nobody is before it in a queue, and there is room.
bool Transfers::may_start(const Transfer& transfer) const noexcept {
  return std::all_of(transfer.use_->links.begin(), transfer.use_->links.end(), [&](const LinkUse& link) {
    if (!link.lane) return true;
    const Lane& lane = lanes_[*link.lane];
    const bool is_first = lane.waiting.empty() || lane.waiting.begin()->second == &transfer;
    return is_first && lane.num_flows < max_flows_per_link_;
  });
}

void Transfers::start(Transfer& transfer) {
  if (transfer.state_ == Transfer::State::Waiting) leave_queues(transfer);
  transfer.started_ = Seconds::from_base(queue_->now());
  charge(transfer, DelayKind::Waiting, transfer.started_ - transfer.submitted_, transfer.submitted_);
  const RouteUse& use = *transfer.use_;
  if (!is_route_on(use)) {
    end(transfer, Outcome::Failed);
    queue_->push_ready(transfer);
    return;
  }
  for (const LinkUse& link : use.links) {
    if (!link.lane) continue;
    advance(*link.lane);
    Lane& lane = lanes_[*link.lane];
    ++lane.num_flows;
    lane.num_crossings += link.num_crossings;
    lane.occupancy.enter(transfer.owner_);
  }
  take_snapshot(transfer);
  transfer.state_ = Transfer::State::Flowing;
  if (queue_->now() > kernel_->clock()) {
    launching_.push_back(&transfer);
  } else {
    launch(transfer);
  }
}

void Transfers::launch() {
  for (Transfer* transfer : std::exchange(launching_, {})) launch(*transfer);
}

void Transfers::launch(Transfer& transfer) {
  // SimGrid counts whole bytes and never starts a flow of none.
  const auto bytes = static_cast<std::uint64_t>(std::max(1.0, std::round(transfer.bytes_.value())));
  Comm comm = sg4::Comm::sendto_init();
  comm->set_payload_size(bytes)->set_data(&transfer);
  transfer.flow_ = flows_.size();
  flows_.push_back({.comm = comm, .transfer = &transfer});
  Platform::Path path = transfer.use_->path;
  // More flows than there are caps share their links unbounded: then the links are what bounds them.
  if (transfer.bound_ && !free_caps_.empty()) {
    const std::size_t cap = free_caps_.back();
    free_caps_.pop_back();
    flows_.back().cap = cap;
    platform_.set_cap(cap, *transfer.bound_);
    path = bounded_path(*transfer.use_, cap);
  }
  comm->set_source(path.from)->set_destination(path.to);
}

const Platform::Path& Transfers::bounded_path(const RouteUse& use, std::size_t cap) {
  const auto [at, is_new] = bounded_paths_.try_emplace({&use, cap});
  if (is_new) at->second = platform_.add_path(*use.hops, cap);
  return at->second;
}

Transfers::Comm Transfers::take_flow(Transfer& transfer) {
  Flow& place = flows_[*transfer.flow_];
  Comm comm = std::move(place.comm);
  if (place.cap) free_caps_.push_back(*place.cap);
  place = std::move(flows_.back());
  place.transfer->flow_ = transfer.flow_;
  flows_.pop_back();
  transfer.flow_.reset();
  return comm;
}

void Transfers::start_waiting(const RouteUse& use) {
  const bool is_anyone_waiting = std::any_of(use.links.begin(), use.links.end(), [&](const LinkUse& link) {
    return link.lane && !lanes_[*link.lane].waiting.empty();
  });
  if (!is_anyone_waiting) return;
  std::vector<const RouteUse*> pending{&use};
  for (std::size_t i = 0; i < pending.size(); ++i) {
    for (const LinkUse& link : pending[i]->links) {
      if (!link.lane) continue;
      const auto& waiting = lanes_[*link.lane].waiting;
      while (!waiting.empty() && may_start(*waiting.begin()->second)) {
        Transfer& next = *waiting.begin()->second;
        start(next);
        pending.push_back(next.use_);  // those who waited behind it elsewhere may be first now
      }
    }
  }
}

void Transfers::leave_queues(Transfer& transfer) noexcept {
  for (const LinkUse& link : transfer.use_->links) {
    if (link.lane) lanes_[*link.lane].waiting.erase(transfer.sequence_);
  }
}

void Transfers::leave_links(Transfer& transfer) noexcept {
  for (const LinkUse& link : transfer.use_->links) {
    if (!link.lane) continue;
    advance(*link.lane);
    Lane& lane = lanes_[*link.lane];
    --lane.num_flows;
    lane.num_crossings -= link.num_crossings;
    lane.occupancy.leave(transfer.owner_);
  }
}

void Transfers::end(Transfer& transfer, Outcome outcome) {
  TransferResult& result = transfer.result_;
  const Seconds now = Seconds::from_base(queue_->now());
  const Seconds flowing = now - transfer.started_;
  result.outcome = outcome;
  result.causes.reserve(result.causes.size() + 2);
  result.elapsed = now - transfer.submitted_;
  const Seconds service = std::min(result.uncontended, flowing);
  if (service > Seconds{}) result.causes.push_back({DelayKind::Service, transfer.owner_, service});
  charge(transfer, DelayKind::Slowdown, flowing - service, transfer.started_);
  const LinkUse* bottleneck = most_demanded(transfer, transfer.started_, true);
  if (bottleneck != nullptr) result.bottleneck = bottleneck->link;
  spare_snapshots_.push_back(std::move(transfer.snapshot_));
  transfer.snapshot_.clear();
  transfer.state_ = Transfer::State::Ended;
}

void Transfers::on_completion(const Activity& activity) {
  auto* known = activity.get_data<Transfer>();
  if (known == nullptr) return;
  Transfer& transfer = *known;
  const bool is_finished = activity.get_state() == Activity::State::FINISHED;
  keep_until_later(take_flow(transfer));
  transfer.result_.outcome = is_finished ? Outcome::Completed : Outcome::Failed;
  transfer.state_ = Transfer::State::Arrived;
  const double date = std::max(queue_->now(), kernel_->clock());
  queue_->push(transfer, date, Priority::Early, transfer.sequence_);
  kernel_->set_timer(date);
}

void Transfers::keep_until_later(Comm comm) {
  const double now = kernel_->clock();
  if (kept_since_ < now) kept_.clear();
  kept_since_ = now;
  kept_.push_back(std::move(comm));
}

void Transfers::advance(LaneId id) {
  Lane& lane = lanes_[id];
  const Seconds now = Seconds::from_base(queue_->now());
  const Seconds elapsed = now - lane.last_change;
  lane.last_change = now;
  lane.demand += lane.num_crossings * elapsed.value() / links_[id / 2].bandwidth.value();
  // Each of n flows costs each other an n-th of the time.
  lane.occupancy.advance(now, lane.num_flows > 0 ? 1.0 / static_cast<double>(lane.num_flows) : 0.0);
}

Seconds Transfers::uncontended(const Transfer& transfer) const {
  Seconds latency;
  for (LinkId link : transfer.use_->crossed) latency += links_[link].latency;
  Seconds longest;
  for (const LinkUse& link : transfer.use_->links) {
    longest = std::max(longest, transfer.bytes_ * link.num_crossings / links_[link.link].bandwidth);
  }
  if (transfer.bound_) longest = std::max(longest, transfer.bytes_ / *transfer.bound_);
  return latency + longest;
}

void Transfers::take_snapshot(Transfer& transfer) {
  const std::vector<LinkUse>& links = transfer.use_->links;
  if (transfer.snapshot_.empty() && !spare_snapshots_.empty()) {
    transfer.snapshot_ = std::move(spare_snapshots_.back());
    spare_snapshots_.pop_back();
  }
  transfer.snapshot_.resize(links.size());
  for (std::size_t i = 0; i < links.size(); ++i) {
    if (!links[i].lane) continue;
    advance(*links[i].lane);
    const Lane& lane = lanes_[*links[i].lane];
    Transfer::LinkMoment& moment = transfer.snapshot_[i];
    moment.demand = lane.demand;
    moment.weight = lane.occupancy.weight_integral();
    moment.by_owner = lane.occupancy.moment();
  }
}

/// The link that its flows would have needed longest for, since the snapshot.
const LinkUse* Transfers::most_demanded(const Transfer& transfer, Seconds since, bool with_caps) const {
  const Seconds elapsed = Seconds::from_base(queue_->now()) - since;
  const LinkUse* most = nullptr;
  double most_demand = -1.0;
  for (std::size_t i = 0; i < transfer.snapshot_.size(); ++i) {
    const LinkUse& link = transfer.use_->links[i];
    if (!link.lane && !with_caps) continue;
    const double demand = link.lane ? lanes_[*link.lane].demand - transfer.snapshot_[i].demand
                                    : elapsed.value() / links_[link.link].bandwidth.value();
    if (demand > most_demand) {
      most = &link;
      most_demand = demand;
    }
  }
  return most;
}

void Transfers::charge(Transfer& transfer, DelayKind kind, Seconds duration, Seconds since) {
  if (duration <= Seconds{}) return;
  for (const LinkUse& link : transfer.use_->links) {
    if (link.lane) advance(*link.lane);
  }
  const LinkUse* link = most_demanded(transfer, since, false);
  if (link == nullptr) {
    transfer.result_.causes.push_back({kind, transfer.owner_, duration});
    return;
  }
  const Occupancy& occupancy = lanes_[*link->lane].occupancy;
  const Transfer::LinkMoment& from = transfer.snapshot_[static_cast<std::size_t>(link - transfer.use_->links.data())];
  // While it waited, the transfer was not among the flows itself.
  const double own_part = kind == DelayKind::Slowdown ? occupancy.weight_integral() - from.weight : 0.0;
  occupancy.charge(transfer.result_.causes, kind, duration, from.by_owner, transfer.owner_, own_part);
}

Transfer::Transfer(Transfers& transfers, const topology::Route& route, Bytes bytes, const TransferOptions& options)
    : Resumption(transfers.queue()),
      transfers_(&transfers),
      use_(&transfers.use(route)),
      bytes_(bytes),
      owner_(options.owner),
      bound_(options.bound) {}

Transfer::~Transfer() {
  transfers_->withdraw(*this);
}

void Transfer::await_suspend(std::coroutine_handle<> process) {
  resumes(process);
  transfers_->submit(*this);
}

void Transfer::fire() {
  transfers_->finish(*this);
  Resumption::fire();
}

}  // namespace labtwin
