#include "models/base/rng.hpp"

#include <Random123/philox.h>

namespace labtwin {
namespace {

// FNV-1a folds the name into the key; Philox then scrambles it, so weak avalanche at the end does no harm.
std::uint64_t hash_bytes(std::string_view text, std::uint64_t hash) noexcept {
  for (char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return hash;
}

std::uint64_t philox(std::uint64_t key, std::uint64_t high, std::uint64_t low) noexcept {
  const r123::Philox4x32 generator;
  const r123::Philox4x32::ctr_type counter{{static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(low >> 32U),
                                            static_cast<std::uint32_t>(high), static_cast<std::uint32_t>(high >> 32U)}};
  const r123::Philox4x32::ukey_type user_key{{static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32U)}};
  const auto block = generator(counter, user_key);
  return (static_cast<std::uint64_t>(block[1]) << 32U) | block[0];
}

}  // namespace

std::uint64_t RandomStream::bits(std::uint64_t entity, std::uint64_t index) const noexcept {
  return philox(key_, entity, index);
}

double RandomStream::uniform(std::uint64_t entity, std::uint64_t index) const noexcept {
  constexpr double kUlp = 0x1.0p-53;
  return (static_cast<double>(bits(entity, index) >> 11U) + 0.5) * kUlp;
}

RandomStream RandomSource::stream(std::string_view purpose) const noexcept {
  return RandomStream(philox(hash_bytes(purpose, 0xcbf29ce484222325ULL), seed_, replication_));
}

}  // namespace labtwin
