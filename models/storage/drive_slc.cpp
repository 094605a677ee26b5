// Bulk jobs that are alone and write to a drive with an SLC cache: until the cache is full they run at the rate of the law,
// then at the rate past the cache.

#include <algorithm>

#include "models/storage/drive.hpp"

namespace labtwin::storage {
namespace {

// The cliff itself is simulated block by block, from this many windows before it.
constexpr double kWindowsBeforeCliff = 8.0;

}  // namespace

// Whether the flows just worked out go on for a while; notes what they do to the cache. A job that writes past a full cache
// gets the rate of that.
bool Drive::settle_slc_cache(Seconds now) {
  slc_alone_.reset();
  if (!device_.slc_cache()) return true;
  const SlcCache& cache = *device_.slc_cache();
  SlcStream stream;
  Bytes window;
  bulks_.for_each([&](Slot, const BulkState& bulk) {
    if (bulk.job.direction == Direction::Read) return;
    const IoClass io = request_class(bulk);
    stream.rate += bulk.flow.request_rate * io.block_size;
    stream.busy_share += bulk.flow.request_rate * bulk.request_work;
    window += bulk.job.block_size * bulk.job.depth;
  });
  if (window == Bytes{}) return true;
  const Bytes room = cache.room(now);
  const BytesPerSecond taken = cache.taken_by(stream.rate, stream.busy_share);
  if (taken > BytesPerSecond{}) {
    if (room > window * kWindowsBeforeCliff) {
      stream.full_at = now + room / taken;
    } else if (!settle_past_cache(stream, room > Bytes{})) {
      return false;
    }
  }
  slc_alone_ = stream;
  return true;
}

// One job that finds the cache full: unlimited, it writes as fast as the medium takes; a rate limit below that holds.
bool Drive::settle_past_cache(SlcStream& stream, bool has_room) {
  if (has_room || bulk_by_id_.size() > 1) return false;
  const BytesPerSecond direct = device_.slc_cache()->parameters().direct_rate;
  bool settled = true;
  bulks_.for_each([&](Slot, BulkState& bulk) {
    if (stream.rate <= direct) return;
    settled = bulk.flow.window_full;
    bulk.flow.request_rate = direct / request_class(bulk).block_size;
  });
  stream.rate = std::min(stream.rate, direct);
  stream.busy_share = 1.0;
  return settled;
}

}  // namespace labtwin::storage
