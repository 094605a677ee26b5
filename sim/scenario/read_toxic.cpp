#include "sim/scenario/read_toxic.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/base/text.hpp"
#include "models/network/toxic.hpp"

namespace labtwin {
namespace {

using network::Toxic;

const EnumNames<Toxic::Type> kTypes = {{"latency", Toxic::Type::Latency},     {"bandwidth", Toxic::Type::Bandwidth},
                                       {"slicer", Toxic::Type::Slicer},       {"limit_data", Toxic::Type::LimitData},
                                       {"timeout", Toxic::Type::Timeout},     {"reset_peer", Toxic::Type::ResetPeer},
                                       {"slow_close", Toxic::Type::SlowClose}};
const EnumNames<DegradedDirection> kStreams = {{"downstream", DegradedDirection::Ingress},
                                               {"upstream", DegradedDirection::Egress}};

Seconds milliseconds(TableReader& table, const char* key, double fallback) {
  return Seconds::from_base(table.value_or<double>(key, fallback, kNonNegative) * 1e-3);
}

void read_attributes(TableReader& table, Toxic& toxic) {
  switch (toxic.type) {
    case Toxic::Type::Latency:
      toxic.latency = milliseconds(table, "latency", 0.0);
      toxic.jitter = milliseconds(table, "jitter", 0.0);
      return;
    case Toxic::Type::Bandwidth:
      toxic.rate = BytesPerSecond::from_base(table.required<double>("rate", kPositive) * 1e3);
      return;
    case Toxic::Type::Slicer:
      toxic.size = Bytes::from_base(table.required<double>("average_size", kPositive));
      // Sizes scatter around their mean: the sum of the delays does not feel it.
      static_cast<void>(table.value_or<double>("size_variation", 0.0, kNonNegative));
      toxic.latency = Seconds::from_base(table.value_or<double>("delay", 0.0, kNonNegative) * 1e-6);
      return;
    case Toxic::Type::LimitData:
      toxic.size = Bytes::from_base(table.required<double>("bytes", kNonNegative));
      return;
    case Toxic::Type::Timeout:
    case Toxic::Type::ResetPeer:
      toxic.latency = milliseconds(table, "timeout", 0.0);
      return;
    case Toxic::Type::SlowClose:
      toxic.latency = milliseconds(table, "delay", 0.0);
      return;
  }
}

void check_path(TableReader& table, const std::vector<CallPath>& calls, const std::vector<std::string>& path) {
  if (path.size() != 2) return table.fail("toxic", "acts between a client and a server: path = [\"client\", \"server\"]");
  const auto is_called = [&](const std::string& client, const std::string& server) {
    return std::find(calls.begin(), calls.end(), CallPath{client, server}) != calls.end();
  };
  if (is_called(path[0], path[1])) return;
  const std::string hint = is_called(path[1], path[0])
                               ? fmt::format("the client first: path = [\"{}\", \"{}\"]", path[1], path[0])
                               : "a share or datagrams on this way take netem, latency, loss or rate";
  table.fail("toxic",
             fmt::format("acts on calls through a proxy, and no workload on {} calls a service on {}", printable(path[0]),
                         printable(path[1])),
             hint);
}

}  // namespace

void read_toxic(TableReader& table, const std::vector<CallPath>& calls, DegradationSpec& spec) {
  check_path(table, calls, spec.path);
  if (table.has("direction")) table.fail("direction", "is said by the toxic's stream: downstream is towards the client");
  auto words = table.optional_table("toxic");
  if (!words) return;
  Toxic toxic;
  toxic.type = words->enumeration("type", kTypes);
  toxic.toxicity = words->value_or<double>("toxicity", 1.0, kFraction);
  spec.direction = words->enumeration_or("stream", DegradedDirection::Ingress, kStreams);
  if (auto attributes = words->optional_table("attributes")) {
    read_attributes(*attributes, toxic);
  } else if (toxic.type != Toxic::Type::Timeout && toxic.type != Toxic::Type::ResetPeer &&
             toxic.type != Toxic::Type::SlowClose) {
    words->fail("attributes", "must say how much, e.g. { latency = 1000 }");
  }
  spec.what.toxic = toxic;
}

}  // namespace labtwin
