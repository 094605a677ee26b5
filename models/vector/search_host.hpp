#pragma once

#include <cstddef>
#include <string>

#include "models/base/interruptions.hpp"
#include "models/base/table_reader.hpp"
#include "models/base/units.hpp"
#include "models/vector/search_shape.hpp"

namespace labtwin::vector {

/// How a node runs searches and the jobs beside them: processor time, wake-ups, and the loss of the processor to others.
/// Law:    a round of a query takes its processor time on one of the cores, then its reads, then `wake_up`, and is delayed by
///         interruptions; a job issues its next block `think_time` after one has ended and is interrupted likewise.
/// Inputs: see SearchShape.
/// Valid:  few searchers per core; direct I/O.
/// Source: set vm-zen5-2vcpu/vector_disk_noisy.
/// Error:  see the bounds of that set.
struct SearchHost {
  std::size_t num_cores = 1;
  std::string drive;  ///< part of the family `drives` that the index lies on
  SearchCost graph;
  SearchCost inverted_lists;
  Seconds wake_up;              ///< from the end of a round's last read until its process runs
  Interruptions interruptions;  ///< of searches

  struct Job {
    Seconds think_time;
    Interruptions interruptions;          ///< of a job that gets its processor when it asks for it
    Interruptions starved_interruptions;  ///< of one that competes with other work for it
    /// >= 1: beside a job that waits for its schedule the bytes of searches' reads take so many times as long. fio spins for
    /// part of these waits, on a processor that the kernel needs for large reads; beside a job that is always behind nothing is
    /// seen.
    double pacing_slowdown = 1.0;
  };
  Job job;
};

/// Parameters of an entry of the family `hosts`: cores, drive, wake_up, [graph] and [inverted_lists] (query, round, distance),
/// [interruptions] (rate, mean_duration), [job] (think_time, interruptions, starved_interruptions, pacing_slowdown).
[[nodiscard]] SearchHost read_search_host(TableReader& parameters);

}  // namespace labtwin::vector
