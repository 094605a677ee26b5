#pragma once

// What the kernel reads before anybody asks for it.

#include "models/base/units.hpp"

namespace labtwin::storage {

/// Windows of read-ahead that the kernel keeps in flight for a reader which waits: touching the first page of one, arrived or
/// not, starts the next.
/// Source: page_cache_async_ra is called before the reader waits for the page (mm/filemap.c, mm/readahead.c of Linux)
inline constexpr unsigned kReadAheadWindows = 2;

/// Linux' default for block devices and NFS (read_ahead_kb).
inline constexpr Bytes kReadAhead = Bytes::from_base(128.0 * 1024.0);

/// The window at the start of a file.
/// Law:    the request rounded up to a power of two; four times that up to a 32nd of the limit, twice that up to a quarter, the
///         limit beyond
/// Inputs: request > 0, limit >= a page
/// Valid:  readers that start at the beginning of a file
/// Source: Linux, mm/readahead.c: get_init_ra_size
/// Error:  exact
[[nodiscard]] Bytes first_window(Bytes request, Bytes limit);

/// The window after `window`.
/// Law:    four times as large below a 16th of the limit, twice as large up to half of it, the limit beyond
/// Inputs: 0 < window <= limit
/// Valid:  a reader that goes on where it stopped
/// Source: Linux, mm/readahead.c: get_next_ra_size
/// Error:  exact
[[nodiscard]] Bytes next_window(Bytes window, Bytes limit);

/// How a reader of files, one after the other from end to end, looks to the drive.
struct ReadAheadStream {
  Bytes window;        ///< mean size of a request
  unsigned depth = 1;  ///< requests in flight
};
/// Law:    windows grow from the first to the limit and a file ends the last one early; the mean is file / number of windows.
///         A request larger than the limit has windows of its own size, up to what a drive takes at once (1280 KiB).
/// Inputs: request > 0, limit >= a page; file: size of each, 0 for one without an end
/// Valid:  readers that wait for what they ask for; a file of one or two windows keeps one in flight
/// Source: as above, and ondemand_readahead (io_pages)
/// Error:  exact for the number of windows
[[nodiscard]] ReadAheadStream read_ahead_stream(Bytes request, Bytes limit, Bytes file = {});

}  // namespace labtwin::storage
