// md RAID 5 and 6: rows of chunks, of which one or two are parity and move from row to row.

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "models/storage/plan_builder.hpp"

namespace labtwin::storage {
namespace {

/// A piece of a row in which the same chunks are touched from end to end.
struct Piece {
  std::uint64_t position = 0;  ///< on every member
  double size = 0.0;
  unsigned first_touched = 0;  ///< data chunks of the row
  unsigned last_touched = 0;
};

class Row {
 public:
  Row(const PoolLayout& layout, std::uint64_t row) : width_(layout.width), parity_(layout.parity), row_(row) {}

  [[nodiscard]] unsigned num_data() const noexcept { return width_ - parity_; }
  // Left-symmetric: parity moves down by one each row, data starts behind it.
  [[nodiscard]] unsigned parity_member(unsigned p) const noexcept {
    return (width_ - 1 - static_cast<unsigned>(row_ % width_) + p) % width_;
  }
  [[nodiscard]] unsigned data_member(unsigned d) const noexcept { return (parity_member(0) + parity_ + d) % width_; }

 private:
  unsigned width_;
  unsigned parity_;
  std::uint64_t row_;
};

void read_all(const Piece& piece, PlanBuilder& plan, bool for_write) {
  for (unsigned m = 0; m < plan.layout().width; ++m) {
    if (!plan.can_read(m)) continue;
    for_write ? plan.read_first(m, piece.position, piece.size) : plan.read(m, piece.position, piece.size);
  }
}

// What a write has to read before the new parity is known: the fewest reads of those that the members that are there allow.
void read_for_parity(const Row& row, const Piece& piece, PlanBuilder& plan) {
  std::vector<unsigned> modify;       // old data and parity
  std::vector<unsigned> reconstruct;  // the rest of the row
  unsigned num_parity = 0;
  bool can_modify = true;
  bool can_reconstruct = true;
  for (unsigned d = 0; d < row.num_data(); ++d) {
    const bool is_touched = d >= piece.first_touched && d <= piece.last_touched;
    const unsigned member = row.data_member(d);
    (is_touched ? modify : reconstruct).push_back(member);
    (is_touched ? can_modify : can_reconstruct) &= plan.can_read(member);
  }
  for (unsigned p = 0; p < plan.layout().parity; ++p) {
    const unsigned member = row.parity_member(p);
    if (!plan.can_write(member)) continue;
    ++num_parity;
    modify.push_back(member);
    can_modify &= plan.can_read(member);
  }
  if (num_parity == 0) return;
  if (!can_modify && !can_reconstruct) return read_all(piece, plan, true);
  const bool modifies = can_modify && (!can_reconstruct || modify.size() < reconstruct.size());
  for (const unsigned member : modifies ? modify : reconstruct) plan.read_first(member, piece.position, piece.size);
}

void write_piece(const Row& row, const Piece& piece, PlanBuilder& plan) {
  read_for_parity(row, piece, plan);
  for (unsigned d = piece.first_touched; d <= piece.last_touched; ++d) {
    plan.write(row.data_member(d), piece.position, piece.size, Pattern::Random);
  }
  for (unsigned p = 0; p < plan.layout().parity; ++p) {
    plan.write(row.parity_member(p), piece.position, piece.size, Pattern::Random);
  }
}

// `begin` and `size` count bytes of data in the row. Between the offsets where the first chunk begins and the last one ends,
// the chunks that are touched change, at most twice.
void write_in_row(std::uint64_t number, std::uint64_t begin, std::uint64_t size, PlanBuilder& plan) {
  const auto chunk = static_cast<std::uint64_t>(plan.layout().unit.value());
  const Row row(plan.layout(), number);
  const auto first = static_cast<unsigned>(begin / chunk);
  const auto last = static_cast<unsigned>((begin + size - 1) / chunk);
  const std::uint64_t from = begin - first * chunk;
  const std::uint64_t until = begin + size - last * chunk;
  const std::array<std::uint64_t, 4> cuts{0, std::min(from, until), std::max(from, until), chunk};
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    const unsigned first_touched = cuts[i] >= from ? first : first + 1;
    const bool in_last = cuts[i] < until;
    if (cuts[i] == cuts[i + 1] || (!in_last && last == 0)) continue;
    const unsigned last_touched = in_last ? last : last - 1;
    if (first_touched > last_touched) continue;
    write_piece(row,
                {.position = number * chunk + cuts[i],
                 .size = static_cast<double>(cuts[i + 1] - cuts[i]),
                 .first_touched = first_touched,
                 .last_touched = last_touched},
                plan);
  }
}

// A writer that goes on where it stopped fills whole rows: every chunk comes with its share of their parity.
void write_on(std::uint64_t number, std::uint64_t begin, std::uint64_t size, PlanBuilder& plan) {
  const auto chunk = static_cast<std::uint64_t>(plan.layout().unit.value());
  const Row row(plan.layout(), number);
  for (std::uint64_t at = begin; at < begin + size;) {
    const std::uint64_t d = at / chunk;
    const std::uint64_t until = std::min(begin + size, (d + 1) * chunk);
    plan.write(row.data_member(static_cast<unsigned>(d)), number * chunk + (at - d * chunk), static_cast<double>(until - at),
               Pattern::Sequential);
    at = until;
  }
  const double parity = static_cast<double>(size) / row.num_data();
  for (unsigned p = 0; p < plan.layout().parity; ++p) {
    plan.write(row.parity_member(p), number * chunk, parity, Pattern::Sequential);
  }
}

}  // namespace

void plan_parity(const Io& io, PlanBuilder& plan) {
  const PoolLayout& layout = plan.layout();
  const auto chunk = static_cast<std::uint64_t>(layout.unit.value());
  if (io.direction == Direction::Write) {
    for_each_unit(io, layout.unit * layout.data_width(), [&](std::uint64_t row, std::uint64_t begin, std::uint64_t size) {
      plan.is_sequential() ? write_on(row, begin, size, plan) : write_in_row(row, begin, size, plan);
    });
    return;
  }
  for_each_unit(io, layout.unit, [&](std::uint64_t unit, std::uint64_t offset, std::uint64_t size) {
    const std::uint64_t number = unit / layout.data_width();
    const unsigned member = Row(layout, number).data_member(static_cast<unsigned>(unit % layout.data_width()));
    const std::uint64_t position = number * chunk + offset;
    if (plan.can_read(member)) return plan.read(member, position, static_cast<double>(size));
    read_all({.position = position, .size = static_cast<double>(size)}, plan, false);
  });
}

}  // namespace labtwin::storage
