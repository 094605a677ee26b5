#pragma once

#include <cstdint>
#include <optional>

#include "models/base/table_reader.hpp"
#include "models/storage/drive_law.hpp"

namespace labtwin::storage {

/// How a writer makes sure of what it has written.
enum class SyncCall : std::uint8_t {
  None,
  Fdatasync,  ///< the data alone: one flush
  Fsync,      ///< data and, through the journal of the file system, what the file system knows of it
};

/// Time that a sync call takes after the write of the data has completed, nothing else going on.
/// Law:    round trips one after the other: fdatasync = F; fsync = F + w + w + F, where F is the drive's flush and w the
///         unloaded write of a block of the journal: its descriptor with the metadata, and its commit record.
/// Inputs: flush >= 0: the time until the drive has emptied its volatile cache; next to nothing behind power-loss protection.
/// Valid:  a journal on the same drive, one writer; commits are not batched.
/// Source: ext4 and XFS journals; flush times: smalldatum.blogspot.com/2026/01 (16 KiB and fsync on NVMe: 12 to 58 us with
///         power-loss protection, about 1 ms and more without).
/// Error:  not measured.
[[nodiscard]] Seconds sync_time(const DriveLaw& law, Seconds flush, SyncCall call);

/// From [parameters.flush]; nothing if the entry does not tell.
[[nodiscard]] std::optional<Seconds> read_flush_time(TableReader& parameters);

}  // namespace labtwin::storage
