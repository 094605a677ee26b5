#include "models/storage/seek_rotation.hpp"

namespace labtwin::storage {
namespace {

constexpr Seconds kCommandOverhead = Seconds::from_base(1e-4);

}  // namespace

NcqPowerParameters disk_parameters(const DiskMechanics& mechanics) {
  const Seconds half_turn = 0.5 / mechanics.rotation;
  const auto io_class = [&](Seconds positioning, double exponent) {
    return NcqClass{
        .positioning_time = positioning, .bandwidth = mechanics.bandwidth, .ncq_exponent = exponent, .tail = mechanics.tail};
  };
  return {.random_read = io_class(mechanics.average_seek_read + half_turn, mechanics.ncq_exponent),
          .random_write = io_class(mechanics.average_seek_write + half_turn, 0.0),
          .sequential_read = io_class(kCommandOverhead, 0.0),
          .sequential_write = io_class(kCommandOverhead, 0.0)};
}

}  // namespace labtwin::storage
