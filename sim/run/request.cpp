#include "sim/run/request.hpp"

#include <nlohmann/json.hpp>

#include "models/base/error.hpp"

namespace labtwin {
namespace {

using nlohmann::json;

json overrides_json(const std::vector<Override>& overrides) {
  json list = json::array();
  for (const Override& change : overrides) list.push_back({{"key", change.key}, {"value", change.value}});
  return list;
}

std::vector<Override> overrides_of(const json& list) {
  std::vector<Override> overrides;
  for (const json& change : list) {
    Override parsed;
    parsed.key = change.at("key").get<std::string>();
    parsed.value = change.at("value").get<std::string>();
    overrides.push_back(std::move(parsed));
  }
  return overrides;
}

}  // namespace

std::string to_json(const SimulateRequest& request) {
  json variants = json::array();
  for (const std::vector<Override>& overrides : request.variants) variants.push_back(overrides_json(overrides));
  const json document = {{"task", "simulate"},
                         {"name", request.source.name},
                         {"text", request.source.text},
                         {"base_dir", request.source.base_dir.string()},
                         {"overrides", overrides_json(request.source.overrides)},
                         {"variants", std::move(variants)},
                         {"replications", request.num_replications},
                         {"keep_requests", request.keep_requests},
                         {"parallel", request.parallel}};
  return document.dump();
}

SimulateRequest simulate_request_from_json(std::string_view text) {
  try {
    const json document = json::parse(text);
    SimulateRequest request;
    request.source.name = document.at("name").get<std::string>();
    request.source.text = document.at("text").get<std::string>();
    request.source.base_dir = document.at("base_dir").get<std::string>();
    request.source.overrides = overrides_of(document.at("overrides"));
    for (const json& variant : document.at("variants")) request.variants.push_back(overrides_of(variant));
    request.num_replications = document.at("replications").get<std::uint32_t>();
    request.keep_requests = document.at("keep_requests").get<bool>();
    request.parallel = document.at("parallel").get<std::size_t>();
    return request;
  } catch (const json::exception& error) {
    throw InternalError(std::string("a worker was asked what is no request: ") + error.what());
  }
}

std::string error_line(std::string_view message) {
  return json{{"error", message}}.dump();
}

std::string error_of_line(std::string_view line) {
  const json document = json::parse(line, nullptr, false);
  if (!document.is_object() || !document.contains("error")) return {};
  return document["error"].get<std::string>();
}

}  // namespace labtwin
