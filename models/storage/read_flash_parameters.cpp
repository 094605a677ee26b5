#include "models/storage/read_flash_parameters.hpp"

namespace labtwin::storage {

std::optional<FlashParameters> read_flash_parameters(TableReader& parameters) {
  std::optional<TableReader> table = parameters.optional_table("sustained_write");
  if (!table) return std::nullopt;
  FlashParameters flash;
  flash.capacity = table->required<Bytes>("capacity", kPositive);
  flash.sequential = table->required<BytesPerSecond>("sequential", kPositive);
  flash.random = table->required<BytesPerSecond>("random", kPositive);
  flash.spare = table->required<double>("spare", between(0.03, 2.0));
  flash.copy_cost = table->required<double>("copy_cost", between(0.1, 10.0));
  return flash;
}

}  // namespace labtwin::storage
