#include "sim/service/pool_service.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "models/base/error.hpp"
#include "models/base/rng.hpp"

namespace labtwin::service {
namespace {

constexpr unsigned kPlaceBits = 16;  // of a tag: the number of a member's I/O in its plan

/// The scatter of a member's I/O: its own draw, from that of the pool's I/O.
double uniform_of(const storage::Io& io, std::size_t number) {
  return RandomStream(0).uniform(std::bit_cast<std::uint64_t>(io.uniform), number);
}

}  // namespace

PoolService::PoolService(Engine& engine, ResourceId resource, const storage::PoolLayout& layout, std::vector<Member> members,
                         WorkId first_id)
    : Volume(engine),
      resource_(resource),
      layout_(layout),
      members_(std::move(members)),
      in_flight_(members_.size(), 0),
      is_plugged_(members_.size(), false),
      next_id_(first_id) {
  LABTWIN_CHECK(members_.size() == layout_.num_members(), "a layout has a place for every member");
}

std::vector<storage::MemberState> PoolService::states() const {
  std::vector<storage::MemberState> states;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const bool is_there = members_[i].volume != nullptr;
    states.push_back({.is_readable = is_there && members_[i].is_readable, .is_writable = is_there, .in_flight = in_flight_[i]});
  }
  return states;
}

void PoolService::submit(storage::Io& io, IoListener& listener, std::size_t tag) {
  io.id = next_id_++;
  const Slot slot = pending_.take();
  Pending& pending = pending_[slot];
  pending = {.listener = &listener,
             .tag = tag,
             .io = io,
             .plan = storage::plan_io(layout_, io, states()),
             .submitted = engine().now()};
  by_id_.emplace(io.id, slot);
  pending.is_in_first = !pending.plan.first.empty();
  submit_part(slot, pending.is_in_first ? pending.plan.first : pending.plan.then);
}

void PoolService::submit_part(Slot slot, const std::vector<storage::MemberIo>& part) {
  LABTWIN_CHECK(!part.empty(), "an I/O of a pool is an I/O of a member");
  Pending& pending = pending_[slot];
  pending.on_way.clear();
  pending.num_on_way = part.size();
  pending.causes.clear();
  for (std::size_t i = 0; i < part.size(); ++i) {
    const storage::MemberIo& one = part[i];
    storage::Io io = pending.io;
    io.direction = one.direction;
    io.pattern = one.pattern;
    io.size = one.size;
    io.position = one.position;
    io.uniform = uniform_of(pending.io, i + (pending.is_in_first ? part.size() : 0));
    members_[one.member].volume->submit(io, *this, (static_cast<std::size_t>(slot) << kPlaceBits) | i);
    pending.on_way.emplace_back(one.member, io.id);
    ++in_flight_[one.member];
    is_plugged_[one.member] = true;
  }
}

void PoolService::unplug() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (!is_plugged_[i]) continue;
    is_plugged_[i] = false;
    members_[i].volume->unplug();
  }
}

void PoolService::cancel(WorkId id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  for (const auto& [place, member_id] : pending_[found->second].on_way) {
    if (member_id == 0) continue;
    members_[place].volume->cancel(member_id);
    --in_flight_[place];
    is_plugged_[place] = true;
  }
  pending_.release(found->second);
  by_id_.erase(found);
}

void PoolService::io_ended(std::size_t tag, storage::IoCompletion&& completion) {
  const auto slot = static_cast<Slot>(tag >> kPlaceBits);
  Pending& pending = pending_[slot];
  auto& [place, id] = pending.on_way[tag & ((1U << kPlaceBits) - 1U)];
  --in_flight_[place];
  id = 0;
  if (completion.outcome != Outcome::Completed) pending.outcome = completion.outcome;
  if (pending.causes.empty() || completion.finished > pending.last_finish) {
    pending.last_finish = completion.finished;
    pending.causes = std::move(completion.causes);
  }
  if (--pending.num_on_way > 0) return;
  if (pending.is_in_first) {
    pending.is_in_first = false;
    pending.before = std::move(pending.causes);
    submit_part(slot, pending.plan.then);
  } else {
    end_io(slot);
  }
  unplug();
}

void PoolService::end_io(Slot slot) {
  Pending pending = std::move(pending_[slot]);
  pending_.release(slot);
  by_id_.erase(pending.io.id);
  pending.listener->io_ended(pending.tag, {.id = pending.io.id,
                                           .owner = pending.io.owner,
                                           .outcome = pending.outcome,
                                           .submitted = pending.submitted,
                                           .finished = engine().now(),
                                           .causes = joined(std::move(pending.before), pending.causes)});
}

void PoolService::set_member(std::size_t place, Member member) {
  members_[place] = member;
}

void PoolService::fail_member(std::size_t place) {
  members_[place] = {};
  std::vector<WorkId> affected;
  for (const auto& [id, bulk] : bulks_) {
    const auto is_there = [&](const MemberStream& stream) { return stream.place == place && !stream.has_ended; };
    if (std::any_of(bulk.streams.begin(), bulk.streams.end(), is_there)) affected.push_back(id);
  }
  for (const WorkId id : affected) restart(id);
}

void PoolService::note_window(OwnerId owner, Bytes in_flight) {
  noted_window_.reset();
  if (in_flight > Bytes{}) noted_window_ = {owner, in_flight};
}

std::optional<OwnerId> PoolService::main_owner() const noexcept {
  std::optional<OwnerId> owner;
  Bytes largest;
  const auto consider = [&](OwnerId candidate, Bytes in_flight) {
    if (in_flight <= largest) return;
    largest = in_flight;
    owner = candidate;
  };
  for (const auto& [id, bulk] : bulks_) consider(bulk.job.owner, bulk.job.block_size * bulk.job.depth);
  if (noted_window_) consider(noted_window_->first, noted_window_->second);
  return owner;
}

Seconds PoolService::sync_time(storage::SyncCall call) const {
  Seconds longest;
  for (const Member& member : members_) {
    if (member.volume != nullptr) longest = std::max(longest, member.volume->sync_time(call));
  }
  return longest;
}

}  // namespace labtwin::service
