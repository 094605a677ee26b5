#include "models/calibration/manifest.hpp"

#include <fmt/format.h>

#include <utility>

#include "models/base/table_reader.hpp"
#include "models/base/units.hpp"
#include "models/network/netem.hpp"

namespace labtwin::calibration {
namespace {

constexpr Range kPercentBound{.low = 0.0, .low_included = false, .high = 1000.0};

Bound read_bound(TableReader table) {
  Bound bound;
  bound.quantity = table.required<std::string>("quantity");
  bound.group = table.value_or<std::string>("group", "");
  bound.median_ape_pct = table.required<double>("median_ape_pct", kPercentBound);
  bound.p90_ape_pct = table.required<double>("p90_ape_pct", kPercentBound);
  bound.reason = table.required<std::string>("reason");
  if (table.has("reason") && bound.reason.empty()) table.fail("reason", "must say why this is the bar");
  return bound;
}

ManifestPath read_path(TableReader table) {
  ManifestPath path;
  if (table.has("rate"))
    path.rate_mbit = fmt::format("{:.10g}", table.required<BytesPerSecond>("rate", kPositive).value() * 8e-6);
  if (table.has("round_trip")) {
    path.rtt_us = fmt::format("{:.10g}", table.required<Seconds>("round_trip", kPositive).value() * 1e6);
  }
  path.netem = table.value_or<std::string>("netem", "");
  if (path.netem.empty()) return path;
  try {
    static_cast<void>(network::parse_netem(path.netem));
  } catch (const ConfigError& error) {
    table.fail("netem", error.diagnostics().front().rule);
  }
  return path;
}

}  // namespace

Manifest read_manifest(const std::filesystem::path& path) {
  const Document document = Document::read(path);
  DiagnosticSink sink;
  TableReader root(document, sink);
  Manifest manifest;
  manifest.kind = root.value_or<std::string>("kind", "");
  manifest.drive_class = root.value_or<std::string>("class", "");
  manifest.drive_interface = root.value_or<std::string>("interface", "");
  manifest.device = root.value_or<std::string>("device", "");
  manifest.conditions = root.value_or<std::string>("conditions", "");
  manifest.provenance = root.value_or<std::string>("provenance", "");
  if (auto table = root.optional_table("path")) manifest.path = read_path(std::move(*table));
  for (TableReader& table : root.tables("bound")) manifest.bounds.push_back(read_bound(std::move(table)));
  root.finish();
  sink.throw_if_any();
  return manifest;
}

}  // namespace labtwin::calibration
