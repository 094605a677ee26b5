#pragma once

#include <memory>

#include "models/storage/io_scheduler.hpp"

namespace labtwin::storage {

/// The `mq-deadline` scheduler of Linux.
/// Law:    per priority class and direction a list sorted by position and a queue by age. A batch takes up to `fifo_batch`
///         requests of one direction in order of position, going on from where that direction last was. A new batch is of reads
///         if any wait, unless writes wait and were passed over `writes_starved` times; it begins with the oldest request if
///         that has waited longer than its expiry or nothing lies ahead, else it goes on in order of position. A lower class is
///         served only while nothing of a higher one waits or is in the drive, or once its request has waited for
///         `prio_aging_expire`. Hence a lone read can wait for `read_expire` beside a sequential reader that always has its
///         next request queued.
/// Inputs: requests with their arrival; the time.
/// Valid:  one hardware queue; requests are not merged.
/// Source: Linux block/mq-deadline.c (6.x): __dd_dispatch_request, dd_dispatch_prio_aged_requests, deadline_check_fifo.
/// Error:  not measured apart from the drive behind it.
[[nodiscard]] std::unique_ptr<IoScheduler> make_mq_deadline(const SchedulerSettings& settings);

}  // namespace labtwin::storage
