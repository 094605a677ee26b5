#pragma once

// A row of kind `pcie_links` as the law sees it.

#include <optional>
#include <string>

#include "models/calibration/llm_parts.hpp"
#include "models/calibration/measurement_table.hpp"
#include "models/interconnect/card_group.hpp"
#include "models/interconnect/link_rate.hpp"

namespace labtwin::calibration {

/// How bytes go: between host and card, or between cards directly, through host memory or over NVLink.
enum class CopyPath : unsigned char { HostToCard, CardToHost, PeerDirect, PeerStaged, PeerNvLink };

struct PcieRow {
  interconnect::CardLink link;
  CopyPath path = CopyPath::HostToCard;
  bool both_ways = false;       ///< the figure is the sum of both directions
  bool other_way_busy = false;  ///< the figure is one direction while the other runs
  bool crosses_sockets = false;
  bool behind_chipset = false;
  bool never_crosses = false;     ///< the buffer stays in the host's memory: no figure of the link
  bool redirected = false;        ///< a switch sends what peers say to each other through the root
  bool crosses_switches = false;  ///< from one switch to another, through the root
  bool one_uplink = false;        ///< both cards hang on one switch
  bool posts = false;             ///< switches of the kind whose posted writes to two roots hinder each other
  bool unaligned = false;         ///< the host's buffer does not lie as the card's engine wants it
  interconnect::Staging staging = interconnect::Staging::Overlapped;
  std::string method;  ///< `engine`, `kernel`, `opencl`, `application`, `messages`, `nominal`
  std::string vendor;
  std::string host;         ///< `vm`, `windows` or empty
  std::string rig;          ///< card and board
  bool is_sum = false;      ///< of several copies at once
  double ports = 1.0;       ///< links that carry the sum
  bool is_dense = false;    ///< all cards to all others
  bool collides = false;    ///< many writes from one port to two roots
  bool flows_read = false;  ///< peers read; else they write
  bool collapses = false;   ///< posted writes from one port to two roots
  bool under_load = false;  ///< latency while all pairs copy
  double bytes = 0.0;       ///< of one copy; 0: large
};

[[nodiscard]] bool is_peer(CopyPath path) noexcept;
/// Nothing if neither the row nor the card tells what link it is.
[[nodiscard]] PcieRow read_pcie_row(const MeasurementTable& table, std::size_t index, const LlmParts& parts);

}  // namespace labtwin::calibration
