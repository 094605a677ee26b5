#include <nlohmann/json.hpp>

#include "sim/scenario/scenario.hpp"

namespace labtwin {
namespace {

using Json = nlohmann::ordered_json;

Json scheduler_json(const IoSchedulerSpec& scheduler) {
  if (scheduler.name == SchedulerName::None) return "none";
  return {{"name", "mq-deadline"},
          {"read_expire", format_quantity(scheduler.read_expire)},
          {"write_expire", format_quantity(scheduler.write_expire)},
          {"fifo_batch", scheduler.fifo_batch},
          {"writes_starved", scheduler.writes_starved}};
}

std::string_view history_name(storage::FlashHistory history) {
  switch (history) {
    case storage::FlashHistory::Sanitized:
      return "sanitized";
    case storage::FlashHistory::Filled:
      return "filled";
    case storage::FlashHistory::Rewritten:
      break;
  }
  return "rewritten";
}

Json drive_json(const DriveSpec& drive) {
  Json json{{"part", drive.part}};
  if (!drive.slot.empty()) json["slot"] = drive.slot;
  if (drive.link) json["link"] = storage::drive_link_name(*drive.link);
  json["scheduler"] = scheduler_json(drive.scheduler);
  if (drive.read_ahead != storage::kReadAhead) json["read_ahead"] = format_quantity(drive.read_ahead);
  if (drive.max_request) json["max_request"] = format_quantity(*drive.max_request);
  if (drive.data > Bytes{}) json["data"] = format_quantity(drive.data);
  if (drive.history) json["history"] = history_name(*drive.history);
  if (drive.cooling) json["cooling"] = *drive.cooling == CoolingName::None ? "none" : "heatsink";
  return json;
}

Json rebuild_json(const RebuildSpec& rebuild) {
  Json json{{"start", format_quantity(rebuild.start)}, {"onto", rebuild.onto}};
  if (rebuild.max_rate) json["max_rate"] = format_quantity(*rebuild.max_rate);
  if (rebuild.min_rate) json["min_rate"] = format_quantity(*rebuild.min_rate);
  if (rebuild.max_active > 0) {
    json["max_active"] = rebuild.max_active;
    json["min_active"] = rebuild.min_active;
  }
  return json;
}

Json pool_json(const PoolSpec& pool) {
  Json json{{"layout", pool.layout_name}, {"members", pool.members}};
  json[pool.layout.has_records ? "recordsize" : "chunk"] = format_quantity(pool.layout.unit);
  if (pool.layout.has_records) json["vdevs"] = pool.layout.num_groups;
  if (pool.data > Bytes{}) json["data"] = format_quantity(pool.data);
  if (pool.member_size) json["member_size"] = format_quantity(*pool.member_size);
  if (!pool.failed.empty()) json["failed"] = pool.failed;
  if (pool.failure) json["fails"] = {{"drive", pool.failure->drive}, {"at", format_quantity(pool.failure->at)}};
  if (!pool.log.empty()) json["log"] = pool.log;
  if (pool.special) {
    json["special"] = {{"members", pool.special->members}, {"small_blocks", format_quantity(pool.special->small_blocks)}};
  }
  if (pool.rebuild) json["rebuild"] = rebuild_json(*pool.rebuild);
  return json;
}

Json node_json(const NodeSpec& node) {
  Json json;
  if (!node.board.empty()) json["board"] = node.board;
  json["cpu"]["cores"] = node.cpu.cores;
  if (node.cpu.clock) json["cpu"]["clock"] = format_quantity(*node.cpu.clock);
  json["memory"]["size"] = format_quantity(node.memory.size);
  if (node.memory.bandwidth) json["memory"]["bandwidth"] = format_quantity(*node.memory.bandwidth);
  const storage::DirtyLimits usual;
  const storage::DirtyLimits& dirty = node.memory.dirty;
  if (dirty.background_ratio != usual.background_ratio) json["memory"]["dirty_background_ratio"] = dirty.background_ratio;
  if (dirty.ratio != usual.ratio) json["memory"]["dirty_ratio"] = dirty.ratio;
  if (node.memory.arc_max) json["memory"]["arc_max"] = format_quantity(*node.memory.arc_max);
  for (const DriveSpec& drive : node.drives) json["drives"][drive.name] = drive_json(drive);
  for (const PoolSpec& pool : node.pools) json["pools"][pool.name] = pool_json(pool);
  for (const NicSpec& nic : node.nics) {
    json["nics"][nic.name] = {{"bandwidth", format_quantity(nic.bandwidth)}, {"latency", format_quantity(nic.latency)}};
    if (!nic.part.empty()) json["nics"][nic.name]["part"] = nic.part;
    if (!nic.slot.empty()) json["nics"][nic.name]["slot"] = nic.slot;
  }
  for (const ShareSpec& share : node.shares) {
    json["shares"][share.name] = {{"protocol", storage::protocol_name(share.protocol)},
                                  {"server", share.server},
                                  {"volume", share.volume},
                                  {"connections", share.settings.num_connections}};
  }
  return json;
}

Json lab_json(const Lab& lab) {
  Json json{{"title", lab.title}};
  for (const NodeSpec& node : lab.nodes) json["nodes"][node.name] = node_json(node);
  for (const SwitchSpec& one : lab.switches) {
    json["switches"][one.name] = {{"bandwidth", format_quantity(one.bandwidth)}, {"latency", format_quantity(one.latency)}};
  }
  for (const CableSpec& cable : lab.cables) json["cables"].push_back({{"between", {cable.from, cable.to}}});
  return json;
}

std::string_view direction_name(DegradedDirection direction) {
  switch (direction) {
    case DegradedDirection::Egress:
      return "egress";
    case DegradedDirection::Ingress:
      return "ingress";
    case DegradedDirection::Both:
      break;
  }
  return "both";
}

Json loss_json(const network::LossModel& loss) {
  if (loss.states) {
    return {{"p13", loss.states->p13},
            {"p31", loss.states->p31},
            {"p32", loss.states->p32},
            {"p23", loss.states->p23},
            {"p14", loss.states->p14}};
  }
  if (loss.p <= 0.0) return loss.good_loss;
  return {{"p", loss.p}, {"r", loss.r}, {"bad_loss", loss.bad_loss}, {"good_loss", loss.good_loss}};
}

Json degradation_json(const DegradationSpec& spec) {
  const network::Degradation& what = spec.what;
  Json json{{"name", what.name}};
  if (spec.link.empty()) {
    json["path"] = spec.path;
  } else {
    json["link"] = spec.link;
  }
  json["direction"] = direction_name(spec.direction);
  json["from"] = format_quantity(what.from);
  if (what.until) json["to"] = format_quantity(*what.until);
  json["latency"] = format_quantity(what.effect.delay);
  json["jitter"] = format_quantity(what.effect.jitter);
  json["loss"] = loss_json(what.effect.loss);
  for (const auto& [name, share] : {std::pair{"duplicate", what.effect.duplicate}, std::pair{"corrupt", what.effect.corrupt},
                                    std::pair{"reorder", what.effect.reorder}}) {
    if (share > 0.0) json[name] = share;
  }
  if (what.effect.limit_packets < INT64_MAX) json["limit_packets"] = what.effect.limit_packets;
  if (what.effect.rate) json["rate"] = format_quantity(*what.effect.rate);
  if (what.is_partition) json["partition"] = true;
  if (what.flap) json["flap"] = {{"up", format_quantity(what.flap->up)}, {"down", format_quantity(what.flap->down)}};
  return json;
}

Json slo_json(const Slo& slo) {
  Json json{{"workload", slo.workload}, {"metric", metric_name(slo.metric)}};
  if (!slo.stage.empty()) json["stage"] = slo.stage;
  if (slo.metric == SloMetric::FailedFraction) {
    json["limit"] = slo.limit;
  } else {
    json["limit"] = format_quantity(Seconds::from_base(slo.limit));
  }
  return json;
}

/// A TOML value as JSON: text stays text, so that what-ifs read the same in both.
Json value_json(const Value& value) {
  switch (value.kind) {
    case Value::Kind::String:
    case Value::Kind::Date:
      return value.text;
    case Value::Kind::Integer:
      return value.integer;
    case Value::Kind::Float:
      return value.number;
    case Value::Kind::Boolean:
      return value.boolean;
    case Value::Kind::Array: {
      Json json = Json::array();
      for (const Value& item : value.items) json.push_back(value_json(item));
      return json;
    }
    case Value::Kind::Table: {
      Json json = Json::object();
      for (const Entry& entry : value.entries) json[entry.key] = value_json(entry.value);
      return json;
    }
  }
  return nullptr;
}

Json what_if_json(const WhatIf& what_if) {
  Json json{{"name", what_if.name}};
  if (!what_if.cost.empty()) json["cost"] = what_if.cost;
  if (!what_if.removes.empty()) json["removes"] = what_if.removes;
  for (const Override& change : what_if.set) json["set"][change.key] = value_json(parse_value(change.value, change.place));
  return json;
}

Json sweep_json(const Sweep& sweep) {
  Json json{{"key", sweep.key}, {"label", sweep.label}};
  if (!sweep.workload.empty()) json["workload"] = sweep.workload;
  if (!sweep.job.empty()) json["job"] = sweep.job;
  for (const std::string& value : sweep.values) json["values"].push_back(value_json(parse_value(value, sweep.place)));
  return json;
}

}  // namespace

std::string resolved_json(const Scenario& scenario) {
  Json json{{"title", scenario.title},
            {"lab", lab_json(scenario.lab)},
            {"seed", scenario.seed},
            {"horizon", format_quantity(scenario.horizon)},
            {"warm_up", format_quantity(scenario.warm_up)},
            {"replications", scenario.replications},
            {"draw_parameters", scenario.draws_parameters}};
  if (!scenario.beside.stage.empty()) json["beside"]["stage"] = scenario.beside.stage;
  if (!scenario.beside.job.empty()) json["beside"]["job"] = scenario.beside.job;
  if (!scenario.beside.time_of.empty()) json["beside"]["time_of"] = scenario.beside.time_of;
  for (const DegradationSpec& one : scenario.degradations) json["degradations"].push_back(degradation_json(one));
  for (const Slo& slo : scenario.slos) json["slo"].push_back(slo_json(slo));
  for (const WhatIf& what_if : scenario.what_ifs) json["what_if"].push_back(what_if_json(what_if));
  if (scenario.sweep) json["sweep"] = sweep_json(*scenario.sweep);
  return json.dump(2);
}

}  // namespace labtwin
