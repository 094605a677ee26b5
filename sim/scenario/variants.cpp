#include "sim/scenario/variants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/base/text.hpp"

namespace labtwin {
namespace {

/// `set = { "services.etl.rate_limit" = .. }` and, the same without quotes, nested tables. A key with dots has its whole value
/// set; a table below a key without dots is walked, for replacing all of `services` is never meant.
void collect_overrides(const Value& table, const std::string& prefix, std::vector<Override>& overrides) {
  for (const auto& [key, place, value] : table.entries) {
    const std::string path = prefix.empty() ? key : fmt::format("{}.{}", prefix, key);
    const bool is_path = key.find('.') != std::string::npos;
    if (value.kind == Value::Kind::Table && !is_path) {
      collect_overrides(value, path, overrides);
    } else {
      overrides.push_back({path, value.to_toml(), value.place});
    }
  }
}

}  // namespace

void check_reference(TableReader& table, std::string_view key, const std::string& name, const std::vector<std::string>& known) {
  const bool is_default = !table.has(key);  // a mistake in what it follows from is reported there
  if (is_default || name.empty() || std::find(known.begin(), known.end(), name) != known.end()) return;
  table.fail(key, known.empty() ? "there is none" : fmt::format("must be one of {}", join_names(known)),
             nearest_name_hint(name, known));
}

WhatIf read_what_if(TableReader& table, const std::vector<std::string>& services) {
  WhatIf what_if;
  what_if.name = table.required<std::string>("name");
  what_if.cost = table.value_or<std::string>("cost", "");
  what_if.removes = table.value_or<std::string>("removes", "");
  check_reference(table, "removes", what_if.removes, services);
  TableReader set = table.table("set");
  set.accept_rest();
  if (const Value* value = table.raw("set"); value != nullptr && value->kind == Value::Kind::Table) {
    collect_overrides(*value, "", what_if.set);
    if (what_if.set.empty()) table.fail("set", "changes nothing");
  }
  return what_if;
}

Sweep read_sweep(TableReader& table, const std::vector<std::string>& services, const std::vector<std::string>& workloads) {
  Sweep sweep;
  sweep.key = table.required<std::string>("key");
  sweep.label = table.value_or<std::string>("label", sweep.key);
  sweep.workload = table.value_or<std::string>("workload", "");
  check_reference(table, "workload", sweep.workload, workloads);
  sweep.job = table.value_or<std::string>("job", "");
  check_reference(table, "job", sweep.job, services);
  const Value* values = table.raw("values");
  if (values == nullptr || values->kind != Value::Kind::Array || values->items.empty()) {
    table.fail("values", "must be an array of the values to try");
    return sweep;
  }
  sweep.place = values->place;
  for (const Value& value : values->items) sweep.values.push_back(value.to_toml());
  return sweep;
}

std::vector<Variant> variants_of(const Scenario& scenario) {
  std::vector<Variant> variants;
  for (const WhatIf& what_if : scenario.what_ifs) {
    variants.push_back({fmt::format("what-if \"{}\"", printable(what_if.name)), what_if.set});
  }
  if (!scenario.sweep) return variants;
  for (const std::string& value : scenario.sweep->values) {
    variants.push_back({fmt::format("sweep point {}", value), {{scenario.sweep->key, value, scenario.sweep->place}}});
  }
  return variants;
}

}  // namespace labtwin
