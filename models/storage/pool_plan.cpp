#include "models/storage/pool_plan.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "models/storage/plan_builder.hpp"

namespace labtwin::storage {
namespace {

// Enough blocks for every member to have been first, last and parity equally often.
constexpr unsigned kRounds = 4;

std::uint64_t end_of(const MemberIo& io) {
  return io.position + static_cast<std::uint64_t>(io.size.value());
}

// Makes one I/O of those that overlap or touch on a member.
std::vector<MemberIo> united(std::vector<MemberIo> ios) {
  std::stable_sort(ios.begin(), ios.end(), [](const MemberIo& a, const MemberIo& b) {
    return a.member != b.member ? a.member < b.member : a.position < b.position;
  });
  std::vector<MemberIo> result;
  for (const MemberIo& io : ios) {
    if (!result.empty() && result.back().member == io.member && io.position <= end_of(result.back())) {
      const std::uint64_t end = std::max(end_of(result.back()), end_of(io));
      result.back().size = Bytes::from_base(static_cast<double>(end - result.back().position));
    } else {
      result.push_back(io);
    }
  }
  return result;
}

// Makes one I/O of all of a sequential one on each member: what lies between them on the medium belongs to its neighbours.
std::vector<MemberIo> one_per_member(const std::vector<MemberIo>& ios) {
  std::vector<MemberIo> result;
  for (const MemberIo& io : ios) {
    if (!result.empty() && result.back().member == io.member) {
      result.back().size += io.size;
    } else {
      result.push_back(io);
    }
  }
  return result;
}

// md without parity: chunks go round the groups.
void plan_chunks(const Io& io, PlanBuilder& plan) {
  const PoolLayout& layout = plan.layout();
  const auto chunk = static_cast<std::uint64_t>(layout.unit.value());
  for_each_unit(io, layout.unit, [&](std::uint64_t unit, std::uint64_t offset, std::uint64_t size) {
    const auto first = static_cast<unsigned>(unit % layout.num_groups) * layout.width;
    const std::uint64_t position = unit / layout.num_groups * chunk + offset;
    const auto length = static_cast<double>(size);
    if (io.direction == Direction::Read) {
      plan.read(plan.idlest(first, layout.width, unit / layout.num_groups), position, length);
      return;
    }
    for (unsigned m = first; m < first + layout.width; ++m) plan.write(m, position, length, io.pattern);
  });
}

}  // namespace

unsigned PlanBuilder::idlest(unsigned first, unsigned width, std::uint64_t start) const {
  std::optional<unsigned> best;
  for (unsigned i = 0; i < width; ++i) {
    const unsigned member = first + static_cast<unsigned>((start + i) % width);
    if (!can_read(member)) continue;
    const std::size_t load = members_[member].in_flight + given_[member];
    if (!best || load < members_[*best].in_flight + given_[*best]) best = member;
  }
  return best.value_or(first);
}

void PlanBuilder::read(unsigned member, std::uint64_t position, double size) {
  ++given_[member];
  plan_.then.push_back({.member = member,
                        .direction = Direction::Read,
                        .pattern = io_.pattern,
                        .position = position,
                        .size = Bytes::from_base(size)});
}

void PlanBuilder::read_first(unsigned member, std::uint64_t position, double size) {
  plan_.first.push_back({.member = member,
                         .direction = Direction::Read,
                         .pattern = io_.pattern,
                         .position = position,
                         .size = Bytes::from_base(size)});
}

void PlanBuilder::write(unsigned member, std::uint64_t position, double size, Pattern pattern) {
  if (!can_write(member)) return;
  plan_.then.push_back({.member = member,
                        .direction = Direction::Write,
                        .pattern = pattern,
                        .position = position,
                        .size = Bytes::from_base(size)});
}

MemberPlan PlanBuilder::take() {
  MemberPlan plan{.first = united(std::move(plan_.first)), .then = united(std::move(plan_.then))};
  return is_sequential() ? MemberPlan{.first = one_per_member(plan.first), .then = one_per_member(plan.then)} : plan;
}

MemberPlan plan_io(const PoolLayout& layout, const Io& io, std::span<const MemberState> members) {
  PlanBuilder plan(layout, io, members);
  if (layout.has_records) {
    plan_records(io, plan);
  } else if (layout.redundancy == Redundancy::Parity) {
    plan_parity(io, plan);
  } else {
    plan_chunks(io, plan);
  }
  return plan.take();
}

std::vector<MemberStream> stream_of_blocks(const PoolLayout& layout, Direction direction, Bytes block,
                                           std::span<const MemberState> members) {
  const double row = layout.unit.value() * layout.num_groups * layout.data_width() * layout.width * kRounds;
  const auto num_blocks = static_cast<std::uint64_t>(std::ceil(row / block.value())) * kRounds;
  std::vector<MemberStream> streams(layout.num_members());
  Io io{.direction = direction, .pattern = Pattern::Sequential, .size = block};
  for (std::uint64_t i = 0; i < num_blocks; ++i) {
    io.position = i * static_cast<std::uint64_t>(block.value());
    const MemberPlan plan = plan_io(layout, io, members);
    for (const MemberIo& one : plan.then) {
      streams[one.member].request += one.size;
      streams[one.member].requests_per_block += 1.0;
    }
  }
  const auto count = static_cast<double>(num_blocks);
  for (MemberStream& stream : streams) {
    stream.bytes_per_byte = stream.request / (block * count);
    if (stream.requests_per_block > 0.0) stream.request /= stream.requests_per_block;
    stream.requests_per_block /= count;
  }
  return streams;
}

}  // namespace labtwin::storage
