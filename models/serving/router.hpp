#pragma once

// Which of several copies of a model takes a request: the policies of routers in front of inference servers.

#include <cstddef>
#include <cstdint>
#include <span>

namespace labtwin::serving {

enum class Routing : std::uint8_t {
  LeastLoaded,      ///< the copy with the fewest requests
  RoundRobin,       ///< one after the other
  SessionAffinity,  ///< all of a session to the copy that a hash of its name gives; the least loaded for who has none
  CacheAware,       ///< the copy that keeps most of the prompt, see below
};

/// A copy as its router sees it.
struct CopyState {
  std::size_t num_present = 0;      ///< requests that wait or are served
  std::uint64_t cached_tokens = 0;  ///< of the prompt at hand that it keeps; needed for CacheAware only
  bool is_ready = true;
};

/// What a router looks at.
struct RoutedRequest {
  std::uint64_t session = 0;  ///< 0: none
  std::uint64_t prompt_tokens = 1;
};

/// Law:    CacheAware: the copy that keeps the most of the prompt, if that is more than 0.3 of it and loads are not too uneven
///         (most - least > 64 and most > 1.5 x least); else the least loaded
/// Inputs: states of all copies, at least one; copies that are not ready get requests only where none is
/// Valid:  a router that knows what copies keep. Those in use keep a tree of what they have sent, which forgets by age, and
///         fall back on the copy with the smallest tree
/// Source: vllm-router and SGLang's gateway (cache_aware and its defaults), vLLM production-stack (roundrobin, session)
/// Error:  not measured
class Router {
 public:
  explicit Router(Routing policy) noexcept : policy_(policy) {}

  [[nodiscard]] Routing policy() const noexcept { return policy_; }
  /// The number of the copy. Ties go to the first.
  [[nodiscard]] std::size_t choose(std::span<const CopyState> copies, const RoutedRequest& request);

 private:
  Routing policy_;
  std::size_t next_ = 0;
};

}  // namespace labtwin::serving
