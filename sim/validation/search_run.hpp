#pragma once

// The conditions of a measured run of vector search beside a job on the same drive: one row of a set of kind `vector_disk`.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "models/base/units.hpp"
#include "models/calibration/measurement_table.hpp"
#include "models/storage/io_scheduler.hpp"
#include "models/vector/search_shape.hpp"

namespace labtwin::validation {

enum class JobKind : std::uint8_t { None, SequentialRead, SequentialWrite, RandomRead, RandomWrite, BufferedWrite };

/// The job beside the searches.
struct NeighbourJob {
  JobKind kind = JobKind::None;
  Bytes block_size;
  unsigned depth = 1;
  std::optional<BytesPerSecond> rate_limit;  ///< absent: as fast as its window allows
  std::optional<BytesPerSecond> achieved;    ///< measured
  bool is_behind =
      false;  ///< a sequential job with no target, or one it missed: what held it back follows from what it achieved
  bool keeps_schedule = false;  ///< has a target and meets it
  bool is_starved = false;      ///< competed with other work for its processor
  storage::IoPriority priority = storage::IoPriority::BestEffort;
};

/// What decides which error a prediction has: nobody else; a job below saturation; a drive full of its writes (or of reads that
/// all fit into the drive); an elevator that starves the searches.
enum class Regime : std::uint8_t { Alone, Limited, Saturated, Starved };
[[nodiscard]] std::string regime_name(Regime regime);

struct SearchRun {
  std::string host;
  bool is_graph = true;
  vector::SearchShape shape;
  Bytes index_size;
  unsigned num_threads = 1;  ///< each asks the next query when one is answered
  Seconds duration;
  storage::IoPriority priority = storage::IoPriority::BestEffort;
  storage::SchedulerKind scheduler = storage::SchedulerKind::MqDeadline;
  NeighbourJob job;
  vector::BeamCounts counts;  ///< reads and rounds of a query before rounding
};

/// Reads the conditions of a 0-based row. Throws ConfigError for a cell that is none, ModelError for a run that cannot be
/// replayed, with the reason.
[[nodiscard]] SearchRun read_search_run(const calibration::MeasurementTable& table, std::size_t row);

/// `window`: bytes of reads that the drive takes at once.
[[nodiscard]] Regime regime_of(const SearchRun& run, std::optional<Bytes> window);

}  // namespace labtwin::validation
