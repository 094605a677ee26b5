// ZFS: records go round the vdevs; a mirror holds each record on every member, raidz in columns of sectors with parity.

#include <cmath>
#include <cstdint>
#include <vector>

#include "models/storage/plan_builder.hpp"

namespace labtwin::storage {
namespace {

/// The part of a record on one member.
struct Column {
  unsigned member = 0;
  std::uint64_t position = 0;
  double size = 0.0;
  bool is_parity = false;
};

// The columns of record `number` of a group whose members begin at `first`.
std::vector<Column> columns_of(const PoolLayout& layout, unsigned first, std::uint64_t number) {
  const auto sector = static_cast<std::uint64_t>(layout.sector.value());
  const auto data = static_cast<std::uint64_t>(std::ceil(layout.unit / layout.sector));
  const std::uint64_t per_column = data / layout.data_width();
  const std::uint64_t rest = data % layout.data_width();
  const std::uint64_t larger = rest == 0 ? 0 : rest + layout.parity;
  const std::uint64_t num_columns = per_column == 0 ? larger : layout.width;
  const std::uint64_t start = number * raidz_sectors(layout, data) / layout.width * sector;
  std::vector<Column> columns;
  for (std::uint64_t c = 0; c < num_columns; ++c) {
    const std::uint64_t sectors = per_column + (c < larger ? 1 : 0);
    columns.push_back({.member = first + static_cast<unsigned>((number + c) % layout.width),
                       .position = start,
                       .size = static_cast<double>(sectors * sector),
                       .is_parity = c < layout.parity});
  }
  return columns;
}

/// One record, or the part of it that a sequential I/O takes.
class Record {
 public:
  Record(PlanBuilder& plan, std::uint64_t unit, double share) : plan_(&plan), share_(share) {
    const PoolLayout& layout = plan.layout();
    first_ = static_cast<unsigned>(unit % layout.num_groups) * layout.width;
    number_ = unit / layout.num_groups;
    if (layout.redundancy == Redundancy::Raidz) columns_ = columns_of(layout, first_, number_);
  }

  template <class Read>
  void read(Read read_one) const {
    if (columns_.empty()) {
      const unsigned member = plan_->idlest(first_, plan_->layout().width, number_);
      return read_one(member, position(), share_ * plan_->layout().unit.value());
    }
    bool is_missing = false;
    for (const Column& column : columns_) is_missing |= !column.is_parity && !plan_->can_read(column.member);
    for (const Column& column : columns_) {
      const bool is_needed = is_missing || !column.is_parity;
      if (is_needed && plan_->can_read(column.member)) read_one(column.member, column.position, share_ * column.size);
    }
  }

  // Records are allocated one behind the other, whatever they hold.
  void write() const {
    for (const Column& column : columns_) {
      plan_->write(column.member, column.position, share_ * column.size, Pattern::Sequential);
    }
    if (!columns_.empty()) return;
    for (unsigned m = first_; m < first_ + plan_->layout().width; ++m) {
      plan_->write(m, position(), share_ * plan_->layout().unit.value(), Pattern::Sequential);
    }
  }

 private:
  [[nodiscard]] std::uint64_t position() const { return number_ * static_cast<std::uint64_t>(plan_->layout().unit.value()); }

  PlanBuilder* plan_;
  double share_;
  unsigned first_ = 0;
  std::uint64_t number_ = 0;
  std::vector<Column> columns_;
};

}  // namespace

void plan_records(const Io& io, PlanBuilder& plan) {
  for_each_unit(io, plan.layout().unit, [&](std::uint64_t unit, std::uint64_t, std::uint64_t size) {
    const double share = plan.is_sequential() ? static_cast<double>(size) / plan.layout().unit.value() : 1.0;
    const Record record(plan, unit, share);
    if (io.direction == Direction::Read) {
      record.read([&](unsigned member, std::uint64_t position, double bytes) { plan.read(member, position, bytes); });
      return;
    }
    const bool is_whole = static_cast<double>(size) >= plan.layout().unit.value();
    if (!is_whole && !plan.is_sequential()) {
      record.read([&](unsigned member, std::uint64_t position, double bytes) { plan.read_first(member, position, bytes); });
    }
    record.write();
  });
}

}  // namespace labtwin::storage
