#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "models/base/units.hpp"
#include "models/storage/drive_law.hpp"

namespace labtwin::storage {

enum class ShareProtocol : std::uint8_t { Nfs, Smb, Iscsi, NvmeTcp };
[[nodiscard]] std::string_view protocol_name(ShareProtocol protocol) noexcept;

/// How a client and a server talk about a volume.
struct ShareSettings {
  Bytes max_transfer;            ///< of one request (rsize, wsize, maximal burst): larger ones are split
  unsigned slots = 64;           ///< requests of a connection that may be outstanding
  unsigned num_connections = 1;  ///< nconnect; each is served by one thread at a time
  Bytes read_ahead;              ///< that the client's kernel keeps in flight for a sequential reader
  Bytes request_header;          ///< around a request or an answer, TCP left out
  Seconds per_request;           ///< of the server's processor, for one request
  SecondsPerByte per_byte;       ///< of the server's processor: copies and check sums
  Seconds client_time;           ///< of the client, per request: system call, encoding, wake-up
  Seconds host_latency;          ///< of a message at either host: interrupt, stack, wake-up
  Bytes mtu;
};

/// The defaults of Linux clients and servers.
/// Source: rsize, nconnect and slots: nfs(5), fs/nfs of Linux (64 slots of a session); read-ahead: 128 KiB of every backing
///         device since Linux 5.4, twice rsize of cifs; iSCSI: MaxBurstLength 256 KiB and a queue depth of 32 (open-iscsi);
///         NVMe/TCP: 128 commands a queue. per_request is what three NAS take when many requests wait: NFS 4.1 on a DS1815+
///         127 us (7,900 requests/s) and NFS 3 on TrueNAS 98 us, iSCSI on TrueNAS 33 to 39 us; SMB stands to NFS as on a
///         DS218+; NVMe/TCP does half again as many as iSCSI (kb.blockbridge.com/technote/proxmox-iscsi-vs-nvmetcp).
///         per_byte: SMB at 3.1 GB/s over 25 GbE. client_time, host_latency: assumed.
[[nodiscard]] ShareSettings default_share_settings(ShareProtocol protocol) noexcept;

/// What one request of `data` bytes costs on the way.
/// Law:    wire = (data + header) x (MTU + 38) / (MTU - 52); server = per_request + data x per_byte
/// Inputs: 0 <= data <= max_transfer
/// Valid:  TCP with time stamps on Ethernet without loss; acknowledgements go the other way for nothing
/// Source: Ethernet framing and gap 38 B, IPv4, TCP and time stamps 52 B (RFC 7323)
/// Error:  wire: 0.1 % of measured streams on idle links; server: see share_loop
struct RequestCost {
  Bytes wire;
  Seconds server;
};
[[nodiscard]] RequestCost request_cost(const ShareSettings& settings, Bytes data) noexcept;

/// What lies behind and between a client's requests and the disk.
struct SharePath {
  BytesPerSecond link;         ///< narrowest of the way
  Seconds one_way;             ///< latency of the way
  Seconds volume_latency;      ///< of one request at the server's volume, nobody else there
  BytesPerSecond volume_rate;  ///< that the server's volume gives such requests at most
  unsigned server_cores = 1;
};

/// Rate and latency of `num_in_flight` equal requests of a share that nobody else uses.
/// Law:    R0 = client + 2 one_way + 4 host_latency + server + wire / link + volume; X = min(N / R0, min(connections, cores) /
///         server, link / wire, volume rate / data), N at most slots x connections; latency = N / X
/// Inputs: num_in_flight >= 1; data > 0
/// Valid:  as request_cost; the asymptotes, so that near the knee the true rate is lower
/// Source: asymptotic bounds of a closed network (Lazowska et al., Quantitative System Performance, 5)
/// Error:  requests/s of NAS, measured and predicted: streams of 1 MiB over 1 GbE within 4 %; 4 KiB: tests/unit/storage
[[nodiscard]] ClosedLoop share_loop(const ShareSettings& settings, const SharePath& path, Bytes data, double num_in_flight);

}  // namespace labtwin::storage
