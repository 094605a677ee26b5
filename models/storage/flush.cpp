#include "models/storage/flush.hpp"

namespace labtwin::storage {
namespace {

constexpr Bytes kJournalBlock = Bytes::from_base(4096.0);
constexpr double kJournalWrites = 2.0;

}  // namespace

Seconds sync_time(const DriveLaw& law, Seconds flush, SyncCall call) {
  if (call == SyncCall::None) return {};
  if (call == SyncCall::Fdatasync) return flush;
  const IoClass journal{Direction::Write, Pattern::Sequential, kJournalBlock};
  return 2.0 * flush + kJournalWrites * closed_loop(law, journal, 1.0).mean_latency;
}

std::optional<Seconds> read_flush_time(TableReader& parameters) {
  std::optional<TableReader> table = parameters.optional_table("flush");
  if (!table) return std::nullopt;
  return table->required<Seconds>("time", kNonNegative);
}

}  // namespace labtwin::storage
