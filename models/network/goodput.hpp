#pragma once

// What a long transfer gets: closed forms for what the wire and the buffers allow, packets where losses and ramps decide.

#include <cstddef>
#include <optional>
#include <vector>

#include "models/base/rng.hpp"
#include "models/base/units.hpp"
#include "models/network/path.hpp"

namespace labtwin::network {

/// Law:    rate x (MTU - 52) / (MTU + 38).
/// Inputs: rate of the link, MTU.
/// Valid:  no loss, window and time enough; TCP with time stamps over IPv4 on Ethernet.
/// Source: Ethernet framing, RFC 7323.
/// Error:  0.0 % median on loss-free held-out rows of calibration/data/linux-tcp/tcp_bulk.
[[nodiscard]] BytesPerSecond wire_goodput(BytesPerSecond rate, Bytes mtu) noexcept;

/// Law:    min(wire, window limit x segment / round trip).
/// Valid:  no loss.
/// Source: RFC 7323; tcp(7).
/// Error:  as wire_goodput; 6 % where default buffers bind.
[[nodiscard]] BytesPerSecond lossless_goodput(const Path& path, const TcpSettings& settings) noexcept;

/// What the window of one flow lets it take of a wire; nothing where that is more than `rate`.
/// Law:    window limit x (MTU + 38) / round trip.
/// Inputs: rate of the narrowest link, round trip of the empty path.
/// Valid:  no loss.
/// Source: RFC 7323; tcp(7).
/// Error:  6 % where default buffers bind.
[[nodiscard]] std::optional<BytesPerSecond> window_bound(BytesPerSecond rate, Seconds round_trip,
                                                         const TcpSettings& settings) noexcept;

/// Law:    BBR sends at the rate that it believes the path delivers, the largest of ten rounds' deliveries, of which p are
///         lost: wire x (1 - p) x min(1, 1 - p + 3 sqrt(p (1 - p) / W)) x exp(-3 R^2); W packets fill the path, R s. Beyond 2 %
///         of loss at 50 ms it collapses within seconds.
/// Inputs: mean loss p towards the client, round trip R.
/// Valid:  BBRv1, R up to 100 ms. Where it collapses, the value is the middle of what was seen, 3 to 95 % of the wire.
/// Source: Cardwell et al. 2016 (maximum filter); exp(-3 R^2) from the fit rows of calibration/data/linux-tcp/tcp_bulk.
/// Error:  0.1 % on fit rows, each cell left out in turn, where it does not collapse.
struct BbrGoodput {
  BytesPerSecond rate;
  bool may_collapse = false;
};
[[nodiscard]] BbrGoodput bbr_goodput(const Path& path, const TcpSettings& settings) noexcept;

/// The part of a transfer that is measured.
struct MeasuredSpan {
  Seconds omitted;
  Seconds duration;
};

/// Law:    the packets of one CUBIC or Reno flow from server to client, see Sender; a long transfer is a draw.
/// Inputs: at most `num_draws` transfers, fewer once they have sent `max_segments`; at least one.
/// Valid:  one flow alone on its bottleneck.
/// Source: Linux 6.x, see Sender and Receiver.
/// Error:  see calibration/data/linux-tcp/tcp_bulk/manifest.toml.
[[nodiscard]] std::vector<BytesPerSecond> draw_goodput(const Path& path, const TcpSettings& settings, const MeasuredSpan& span,
                                                       RandomStream stream, std::size_t num_draws, double max_segments);

}  // namespace labtwin::network
