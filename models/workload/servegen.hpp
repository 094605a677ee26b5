#pragma once

// Requests drawn as ServeGen publishes the clients of a large service: for each client and window of ten minutes a rate, the
// coefficient of variation of its gaps and their family; for the largest clients quantiles of their lengths.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "models/base/distribution.hpp"
#include "models/base/rng.hpp"
#include "models/workload/trace.hpp"

namespace labtwin::workload {

/// How a client asks for ten minutes.
struct ClientWindow {
  Seconds begin;
  PerSecond rate;
  double cv = 1.0;  ///< of gaps; at most kMostVariation
  bool is_weibull = false;
};

struct ServegenClient {
  std::vector<ClientWindow> windows;  ///< in order; between them it asks for nothing
  std::size_t lengths = 0;            ///< which of ServegenClients::lengths
};

/// Law:    straight lines between the published quantiles; below the lowest they go on as above it, above the highest to where
///         the mean comes out as published, and no lower than that quantile
/// Source: ServeGen (arXiv 2505.09999), derived
/// Error:  quantiles exact; the mean too, unless the lines alone exceed it
struct ServegenLengths {
  Distribution prompt_tokens;
  Distribution output_tokens;
};

/// The clients of one model.
struct ServegenClients {
  std::vector<ServegenClient> clients;
  std::vector<ServegenLengths> lengths;
};

/// Which part of the published data.
struct ServegenSelection {
  std::filesystem::path windows;  ///< category,model,client_chunk,window_start_s,rate_per_s,cv,arrival_family,...
  std::filesystem::path lengths;  ///< category,model,client_chunk,mean_rate_per_s,field,p10,p25,p50,p75,p90,p95,p99,mean
  std::string model;
  Seconds start{};  ///< where in the data time begins
};

inline constexpr double kMostVariation = 100.0;
inline constexpr Seconds kServegenWindow = Seconds::from_base(600.0);

/// Reads them; throws ConfigError for what cannot be read. Clients without lengths of their own have those of the row that
/// stands for all (`top12_weighted_by_rate`).
[[nodiscard]] ServegenClients read_servegen(const ServegenSelection& selection);

/// Law:    a client is a renewal process in a time of its own, which passes at `scale` x the rate of the window and not at all
///         without one; gaps have mean 1 and the coefficient of variation and family of the window in which they begin; the
///         first is what is left of one under way, so that as many come as rate and window say
/// Inputs: scale > 0: the share of the published load
/// Valid:  windows long against gaps keep their own variation; with few requests to a window it mixes with the next
/// Source: ServeGen: Gamma and Weibull gaps per client and window
/// Error:  counts per client exact in the mean where windows are alike
class ServegenRequests {
 public:
  ServegenRequests(std::shared_ptr<const ServegenClients> clients, double scale, const RandomSource& random);

  /// In order of time; nothing after the last window. Texts are of nobody else.
  [[nodiscard]] std::optional<TraceRequest> next();

 private:
  /// Where a client stands.
  struct Cursor {
    Seconds at;
    std::uint32_t client = 0;
    std::size_t window = 0;
    std::uint64_t num_asked = 0;
    [[nodiscard]] bool operator>(const Cursor& other) const { return at != other.at ? at > other.at : client > other.client; }
  };

  /// The next request of the client behind `cursor`, after a gap in its own time; pushed unless its windows end before.
  void advance(Cursor cursor, double gap);

  std::shared_ptr<const ServegenClients> clients_;
  double scale_;
  RandomStream gaps_;
  RandomStream lengths_;
  std::priority_queue<Cursor, std::vector<Cursor>, std::greater<>> next_;
};

}  // namespace labtwin::workload
