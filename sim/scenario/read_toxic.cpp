#include "sim/scenario/read_toxic.hpp"

#include "models/network/toxic.hpp"

namespace labtwin {
namespace {

using network::Toxic;

const EnumNames<Toxic::Type> kTypes = {{"latency", Toxic::Type::Latency}, {"bandwidth", Toxic::Type::Bandwidth},
                                       {"slicer", Toxic::Type::Slicer},   {"limit_data", Toxic::Type::LimitData},
                                       {"timeout", Toxic::Type::Timeout}, {"reset_peer", Toxic::Type::ResetPeer}};
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
  }
}

}  // namespace

void read_toxic(TableReader& table, DegradationSpec& spec) {
  if (spec.path.size() != 2) table.fail("toxic", "acts between a client and a server: path = [\"client\", \"server\"]");
  if (table.has("direction")) table.fail("direction", "is said by the toxic's stream: downstream is towards the client");
  auto words = table.optional_table("toxic");
  if (!words) return;
  Toxic toxic;
  toxic.type = words->enumeration("type", kTypes);
  toxic.toxicity = words->value_or<double>("toxicity", 1.0, kFraction);
  spec.direction = words->enumeration_or("stream", DegradedDirection::Ingress, kStreams);
  if (auto attributes = words->optional_table("attributes")) {
    read_attributes(*attributes, toxic);
  } else if (toxic.type != Toxic::Type::Timeout && toxic.type != Toxic::Type::ResetPeer) {
    words->fail("attributes", "must say how much, e.g. { latency = 1000 }");
  }
  spec.what.toxic = toxic;
}

}  // namespace labtwin
