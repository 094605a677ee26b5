#pragma once

// How long requests take over a path that loses packets: a distribution, drawn packet by packet.

#include <cstddef>
#include <vector>

#include "models/base/rng.hpp"
#include "models/base/units.hpp"
#include "models/network/path.hpp"

namespace labtwin::network {

/// A client's requests, one after another.
struct Exchange {
  bool connect_each_time = false;  ///< a new connection per request instead of one that is kept
  Bytes request = Bytes::from_base(1024.0);
  Bytes response = Bytes::from_base(1024.0);
  Seconds think;  ///< between a response and the next request
};

/// Sorted, in seconds.
struct RequestTimes {
  std::vector<double> total;    ///< from the request, with the handshake if there is one, to the last byte of the response
  std::vector<double> connect;  ///< the handshake alone
};

/// Law:    handshake (1 s for a lost one), slow start from 10 segments, recovery and timeouts by the packets of both
///         directions; a kept connection keeps its window and its estimates from request to request.
/// Inputs: `num_requests`; a kept connection begins anew every 1000 of them, after 10 that warm it up.
/// Valid:  one connection alone on its path, no TLS, no multiplexing; the server answers at once.
/// Source: Linux 6.x, see Sender and Receiver.
/// Error:  see calibration/data/linux-tcp/rpc_latency/manifest.toml.
[[nodiscard]] RequestTimes draw_requests(const Path& path, const TcpSettings& settings, const Exchange& exchange,
                                         RandomStream stream, std::size_t num_requests);

/// The value that a fraction u of sorted values does not exceed, by straight lines between them.
[[nodiscard]] double quantile_of_sorted(const std::vector<double>& sorted, double u);

}  // namespace labtwin::network
