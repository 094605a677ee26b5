#include "models/storage/share.hpp"

#include <algorithm>

namespace labtwin::storage {
namespace {

constexpr Bytes kFrame = Bytes::from_base(38.0);    ///< preamble, Ethernet header, check sum and gap
constexpr Bytes kHeaders = Bytes::from_base(52.0);  ///< IPv4 and TCP with time stamps, inside the MTU

}  // namespace

std::string_view protocol_name(ShareProtocol protocol) noexcept {
  switch (protocol) {
    case ShareProtocol::Nfs:
      return "nfs";
    case ShareProtocol::Smb:
      return "smb";
    case ShareProtocol::Iscsi:
      return "iscsi";
    case ShareProtocol::NvmeTcp:
      return "nvme_tcp";
  }
  return "";
}

ShareSettings default_share_settings(ShareProtocol protocol) noexcept {
  ShareSettings settings{.max_transfer = 1_MiB,
                         .slots = 64,
                         .num_connections = 1,
                         .read_ahead = 128_KiB,
                         .request_header = 200_B,
                         .per_request = 110_us,
                         .per_byte = SecondsPerByte::from_base(0.3e-9),
                         .client_time = 10_us,
                         .host_latency = 20_us,
                         .mtu = 1500_B};
  switch (protocol) {
    case ShareProtocol::Nfs:
      break;
    case ShareProtocol::Smb:
      settings.max_transfer = 4_MiB;
      settings.read_ahead = 8_MiB;
      settings.slots = 512;
      settings.per_request = 145_us;
      break;
    case ShareProtocol::Iscsi:
      settings.max_transfer = 256_KiB;
      settings.slots = 32;
      settings.request_header = 48_B;
      settings.per_request = 36_us;
      break;
    case ShareProtocol::NvmeTcp:
      settings.slots = 128;
      settings.request_header = 88_B;
      settings.per_request = 24_us;
      break;
  }
  return settings;
}

RequestCost request_cost(const ShareSettings& settings, Bytes data) noexcept {
  const double expansion = (settings.mtu + kFrame) / (settings.mtu - kHeaders);
  return {.wire = (data + settings.request_header) * expansion, .server = settings.per_request + data * settings.per_byte};
}

ClosedLoop share_loop(const ShareSettings& settings, const SharePath& path, Bytes data, double num_in_flight) {
  const RequestCost cost = request_cost(settings, data);
  const Seconds alone = settings.client_time + 2.0 * path.one_way + 4.0 * settings.host_latency + cost.server +
                        cost.wire / path.link + path.volume_latency;
  const double depth = std::min(num_in_flight, static_cast<double>(settings.slots) * settings.num_connections);
  const double threads = std::min(settings.num_connections, path.server_cores);
  const PerSecond limit = std::min({threads / cost.server, path.link / cost.wire, path.volume_rate / data});
  const PerSecond rate = std::min(depth / alone, limit);
  return {.iops = rate, .mean_latency = num_in_flight / rate, .utilization = rate / limit};
}

}  // namespace labtwin::storage
