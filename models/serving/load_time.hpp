#pragma once

#include "models/base/units.hpp"

namespace labtwin::serving {

/// How an inference engine gets its weights from a file into the memory of a card.
struct LoaderParameters {
  /// What one thread passes on of data that the kernel has to read first: it takes pages, maps or copies them.
  BytesPerSecond cold_rate = BytesPerSecond::from_base(3.0e9);
  double upload_share = 0.5;  ///< of the link's rate that copies from pageable memory reach
  Seconds start_up = Seconds::from_base(0.3);
};

/// Where the weights come from and what they cross.
struct LoadPath {
  Bytes weights;
  double warm_share = 0.0;     ///< of the file that is in the page cache already, 0 to 1
  BytesPerSecond source_rate;  ///< of the volume for the read-ahead of this many streams
  unsigned num_streams = 1;    ///< threads that read
  BytesPerSecond card_link;    ///< data that the card's link carries in a second
};

/// Rates at which the bytes that are cold, and those that are warm, pass everything behind the volume.
struct LoaderRates {
  BytesPerSecond cold;
  BytesPerSecond warm;
};
[[nodiscard]] LoaderRates loader_rates(const LoaderParameters& parameters, BytesPerSecond card_link, unsigned num_streams);

/// Time until the server can answer.
/// Law:    start_up + cold bytes / min(source, streams x cold_rate, upload) + warm bytes / upload, upload = upload_share x the
///         card's link: the stages overlap, so the slowest governs
/// Inputs: a path; source_rate of the volume with storage::kReadAheadWindows of 128 KiB (Linux, by default) per stream
/// Valid:  one card; a file much larger than the window; quantised weights that are copied as they are
/// Source: mapping or reading through the page cache with the kernel's read-ahead (mm/readahead.c); upload from pageable memory
///         0.35 to 0.6 of the line; cold_rate and start_up: slope and intercept of loads from an NVMe drive of generation 5
///         that outruns them (4.9 to 40.5 GB of Q4_K_M, craftrigs.pages.dev, a source of low grade)
/// Error:  the same source, a drive of generation 4 that was not used: 8 to 11 % short (tests/unit/serving); its drive of
///         generation 3 with four bits a cell, which the catalog lacks, takes 24.1 s for 40.5 GB where other drives would be
///         predicted 14; a warm reload of 67.7 GB (ollama issue 5826) takes 4.2 s, predicted 4.8
[[nodiscard]] Seconds load_time(const LoaderParameters& parameters, const LoadPath& path);

}  // namespace labtwin::serving
