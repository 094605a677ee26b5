#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "models/storage/drive.hpp"
#include "models/storage/pool_layout.hpp"

namespace labtwin::storage {

/// What a pool knows of a member when it lays out an I/O.
struct MemberState {
  bool is_readable = true;  ///< false while it is missing, or not rebuilt yet
  bool is_writable = true;
  std::size_t in_flight = 0;  ///< I/Os that it works on: copies are read where fewest are
};

/// A read or write of one member.
struct MemberIo {
  unsigned member = 0;
  Direction direction = Direction::Read;
  Pattern pattern = Pattern::Random;
  std::uint64_t position = 0;
  Bytes size;
};

/// What the members do for one I/O of the pool: `then` begins when all of `first` has ended.
struct MemberPlan {
  std::vector<MemberIo> first;
  std::vector<MemberIo> then;
};

/// The I/Os of the members behind one of the pool.
/// Law:    none and copies: the unit's own group; a read takes one copy, a write all.
///         md parity: a read of a missing chunk is the same rows of all others. A small write first reads what its new parity
///         needs: old data and parity, or, if that is less, the rest of the row; a whole row needs nothing.
///         records: a read fetches whole records, a smaller write reads its record first and writes it anew; raidz spreads a
///         record over columns of sectors and reads parity only if data is missing, and then all of it.
///         Sequential I/Os share rows and records with their neighbours: nothing is read to be thrown away or written over.
/// Inputs: size > 0; every group has no more members missing than it tolerates.
/// Valid:  caches of the host are elsewhere: no ARC, no journal or log device, no stripe cache beyond one row.
/// Source: raid5.c of Linux (fetch_block, handle_stripe_dirtying), vdev_raidz.c of OpenZFS (vdev_raidz_map_alloc,
///         vdev_raidz_io_start_read_row), mdadm(8).
/// Error:  counts are exact; the first column of a raidz record goes round the members, as it does among records of all sizes.
[[nodiscard]] MemberPlan plan_io(const PoolLayout& layout, const Io& io, std::span<const MemberState> members);

/// What a sequential stream of blocks asks of one member, on average.
struct MemberStream {
  double bytes_per_byte = 0.0;      ///< of the stream
  double requests_per_block = 0.0;  ///< of the stream
  Bytes request{};                  ///< mean size
};
/// By member; counts what `plan_io` lays out for as many blocks as it takes to go round rows and members.
[[nodiscard]] std::vector<MemberStream> stream_of_blocks(const PoolLayout& layout, Direction direction, Bytes block,
                                                         std::span<const MemberState> members);

}  // namespace labtwin::storage
