#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/storage/pool_plan.hpp"

namespace labtwin::storage {

/// Collects the I/Os of members for one I/O of the pool; what lies side by side on a member becomes one.
class PlanBuilder {
 public:
  PlanBuilder(const PoolLayout& layout, const Io& io, std::span<const MemberState> members)
      : layout_(layout), io_(io), members_(members), given_(members.size(), 0) {}

  [[nodiscard]] const PoolLayout& layout() const noexcept { return layout_; }
  [[nodiscard]] bool is_sequential() const noexcept { return io_.pattern == Pattern::Sequential; }
  [[nodiscard]] bool can_read(unsigned member) const { return members_[member].is_readable; }
  [[nodiscard]] bool can_write(unsigned member) const { return members_[member].is_writable; }
  /// Of the `width` members from `first` on that can be read, the one with fewest I/Os; of several the first from `start`.
  [[nodiscard]] unsigned idlest(unsigned first, unsigned width, std::uint64_t start) const;

  /// The read that the I/O itself waits for.
  void read(unsigned member, std::uint64_t position, double size);
  /// A read that a write needs first.
  void read_first(unsigned member, std::uint64_t position, double size);
  /// Left out if the member is missing.
  void write(unsigned member, std::uint64_t position, double size, Pattern pattern);

  [[nodiscard]] MemberPlan take();

 private:
  const PoolLayout& layout_;
  const Io& io_;
  std::span<const MemberState> members_;
  std::vector<std::size_t> given_;  ///< I/Os of this plan, by member
  MemberPlan plan_;
};

/// One after the other the parts of an I/O that lie in one unit: `offset` and `size` within unit number `unit`.
template <class Visit>
void for_each_unit(const Io& io, Bytes unit_size, Visit visit) {
  const auto length = static_cast<std::uint64_t>(unit_size.value());
  const std::uint64_t end = io.position + static_cast<std::uint64_t>(io.size.value());
  for (std::uint64_t at = io.position; at < end;) {
    const std::uint64_t unit = at / length;
    const std::uint64_t until = end < (unit + 1) * length ? end : (unit + 1) * length;
    visit(unit, at - unit * length, until - at);
    at = until;
  }
}

void plan_parity(const Io& io, PlanBuilder& plan);   ///< md RAID 5 and 6
void plan_records(const Io& io, PlanBuilder& plan);  ///< ZFS, any redundancy

}  // namespace labtwin::storage
