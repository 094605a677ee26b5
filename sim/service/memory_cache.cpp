#include "sim/service/memory_cache.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace labtwin::service {

bool MemoryCache::read(FileId file, std::uint64_t position, Bytes size) {
  catch_up();
  return cache_.read({.file = file, .position = position, .size = size});
}

double MemoryCache::served_share(FileId file, Bytes size) {
  catch_up();
  return cache_.served_share(file, size);
}

void MemoryCache::add_stream(FileId file, std::optional<Bytes> length, std::function<Bytes()> moved) {
  streams_.push_back({.file = file, .length = length, .moved = std::move(moved)});
}

// What streams have read since somebody looked last; nobody can tell the difference.
void MemoryCache::catch_up() {
  for (Stream& stream : streams_) {
    const Bytes moved = stream.moved();
    while (stream.seen < moved) {
      const Bytes begin =
          stream.length ? Bytes::from_base(std::fmod(stream.seen.value(), stream.length->value())) : stream.seen;
      const Bytes until_end = stream.length ? *stream.length - begin : moved - stream.seen;
      const Bytes size = std::min(moved - stream.seen, until_end);
      cache_.stream({.file = stream.file, .position = static_cast<std::uint64_t>(begin.value()), .size = size});
      stream.seen += std::max(size, Bytes::from_base(1.0));
    }
  }
}

}  // namespace labtwin::service
