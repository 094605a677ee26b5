#include "models/serving/router.hpp"

#include <algorithm>
#include <vector>

#include "models/base/error.hpp"
#include "models/base/rng.hpp"

namespace labtwin::serving {
namespace {

constexpr double kCacheThreshold = 0.3;
constexpr std::size_t kBalanceAbsolute = 64;
constexpr double kBalanceRelative = 1.5;

using Candidates = std::vector<std::size_t>;

Candidates ready_ones(std::span<const CopyState> copies) {
  Candidates candidates;
  for (std::size_t i = 0; i < copies.size(); ++i) {
    if (copies[i].is_ready) candidates.push_back(i);
  }
  if (!candidates.empty()) return candidates;
  for (std::size_t i = 0; i < copies.size(); ++i) candidates.push_back(i);
  return candidates;
}

std::size_t cache_aware(std::span<const CopyState> copies, const Candidates& candidates, std::size_t least_loaded,
                        std::uint64_t prompt_tokens) {
  const auto by_load = [&](std::size_t a, std::size_t b) { return copies[a].num_present < copies[b].num_present; };
  const auto by_cache = [&](std::size_t a, std::size_t b) { return copies[a].cached_tokens < copies[b].cached_tokens; };
  const std::size_t least = copies[least_loaded].num_present;
  const std::size_t most = copies[*std::max_element(candidates.begin(), candidates.end(), by_load)].num_present;
  const bool is_uneven =
      most - least > kBalanceAbsolute && static_cast<double>(most) > kBalanceRelative * static_cast<double>(least);
  if (is_uneven) return least_loaded;
  const std::size_t best = *std::max_element(candidates.begin(), candidates.end(), by_cache);
  const double share = static_cast<double>(copies[best].cached_tokens) / static_cast<double>(prompt_tokens);
  return share > kCacheThreshold ? best : least_loaded;
}

}  // namespace

std::size_t Router::choose(std::span<const CopyState> copies, const RoutedRequest& request) {
  LABTWIN_CHECK(!copies.empty(), "a router in front of nobody");
  const Candidates candidates = ready_ones(copies);
  const std::size_t least_loaded = *std::min_element(candidates.begin(), candidates.end(), [&](std::size_t a, std::size_t b) {
    return copies[a].num_present < copies[b].num_present;
  });
  switch (policy_) {
    case Routing::LeastLoaded:
      return least_loaded;
    case Routing::RoundRobin:
      return candidates[next_++ % candidates.size()];
    case Routing::SessionAffinity:
      if (request.session == 0) return least_loaded;
      return candidates[RandomStream(0).bits(request.session) % candidates.size()];
    case Routing::CacheAware:
      return cache_aware(copies, candidates, least_loaded, request.prompt_tokens);
  }
  return least_loaded;
}

}  // namespace labtwin::serving
