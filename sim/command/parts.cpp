#include "sim/command/parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/base/text.hpp"
#include "models/catalog/catalog.hpp"
#include "models/registry.hpp"

namespace labtwin::command {
namespace {

using catalog::Catalog;
using catalog::Entry;
using catalog::Parameter;
using Json = nlohmann::ordered_json;

struct Options {
  std::string what;
  bool json = false;
};

/// A part by family and file name.
struct PartName {
  std::string family;
  std::string part;
};

Entry read_part(const Catalog& catalog, const PartName& name) {
  return catalog.read(name.family, name.part,
                      [&](const std::string& law, TableReader& parameters) { check_parameters(name.family, law, parameters); });
}

std::vector<PartName> all_parts(const Catalog& catalog) {
  std::vector<PartName> names;
  for (const std::string& family : catalog.families()) {
    for (const std::string& part : catalog.parts(family)) names.push_back({family, part});
  }
  return names;
}

/// The parts that `what` selects: all, a family's, or one (`part` or `family/part`).
std::vector<PartName> select(const Catalog& catalog, const std::string& what) {
  std::vector<PartName> selected;
  std::vector<std::string> known = catalog.families();
  for (PartName& name : all_parts(catalog)) {
    known.push_back(name.part);
    const bool matches =
        what.empty() || what == name.family || what == name.part || what == fmt::format("{}/{}", name.family, name.part);
    if (matches) selected.push_back(std::move(name));
  }
  const bool is_family = std::find(known.begin(), known.end(), what) != known.end();
  if (!selected.empty() || is_family || what.empty()) return selected;
  Diagnostic diagnostic;
  diagnostic.key = printable(what);
  diagnostic.rule = "is neither a family nor a part of the catalog";
  diagnostic.hint = nearest_name_hint(what, known);
  throw ConfigError(std::move(diagnostic));
}

Json parameters_json(const std::vector<Parameter>& parameters) {
  Json json = Json::array();
  for (const Parameter& parameter : parameters) {
    json.push_back({{"name", parameter.name}, {"value", parameter.value}, {"grade", grade_name(parameter.grade)}});
  }
  return json;
}

Json part_json(const Entry& entry) {
  Json json{{"family", entry.family},
            {"part", entry.part},
            {"name", entry.name},
            {"law", entry.law},
            {"grade", grade_name(entry.grade)},
            {"source", {{"text", entry.source.text}, {"url", entry.source.url}, {"date", entry.source.date}}},
            {"parameters", parameters_json(entry.parameters)}};
  if (entry.fit) {
    json["fit"] = {{"set", entry.fit->set},
                   {"date", entry.fit->date},
                   {"sigma", entry.fit->sigma},
                   {"discrepancy", entry.fit->discrepancy}};
    if (entry.fit->rows) json["fit"]["rows"] = *entry.fit->rows;
  }
  if (entry.price) {
    json["price"] = {{"amount", entry.price->amount}, {"currency", entry.price->currency}, {"date", entry.price->date}};
  }
  if (entry.power) {
    json["power"] = {{"idle_w", entry.power->idle.value()}, {"date", entry.power->date}};
    if (entry.power->active) json["power"]["active_w"] = entry.power->active->value();
  }
  return json;
}

std::string list_text(const std::vector<Entry>& entries) {
  std::size_t width = 4;
  for (const Entry& entry : entries) width = std::max(width, entry.family.size() + 1 + entry.part.size());
  std::string text;
  for (const Entry& entry : entries) {
    const std::string name = fmt::format("{}/{}", entry.family, entry.part);
    text += fmt::format("{:<{}}  {:<9}  {}\n", name, width, grade_name(entry.grade), entry.name);
  }
  return text;
}

std::string price_text(const catalog::Price& price) {
  return fmt::format("{} {} on {}", price.amount, price.currency, price.date);
}

std::string power_text(const catalog::Power& power) {
  const std::string active = power.active ? fmt::format(", {} active", format_quantity(*power.active)) : "";
  return fmt::format("{} idle{} ({})", format_quantity(power.idle), active, power.date);
}

std::string part_text(const Entry& entry) {
  std::string text =
      fmt::format("{}/{}: {}\nlaw     {}\nsource  {}", entry.family, entry.part, entry.name, entry.law, entry.source.text);
  text += fmt::format("{}{}\n", entry.source.url.empty() ? "" : ", ", entry.source.url);
  if (entry.fit) text += fmt::format("fitted  on {} ({})\n", entry.fit->set, entry.fit->date);
  if (entry.price) text += fmt::format("price   {}\n", price_text(*entry.price));
  if (entry.power) text += fmt::format("power   {}\n", power_text(*entry.power));
  std::size_t width = 0;
  for (const Parameter& parameter : entry.parameters) width = std::max(width, parameter.name.size());
  for (const Parameter& parameter : entry.parameters) {
    text += fmt::format("  {:<{}}  {:<9}  {}\n", parameter.name, width, grade_name(parameter.grade), parameter.value);
  }
  return text;
}

void list_parts(const Options& options) {
  const Catalog catalog;
  std::vector<Entry> entries;
  for (const PartName& name : select(catalog, options.what)) entries.push_back(read_part(catalog, name));
  if (options.json) {
    Json json{{"parts", Json::array()}};
    for (const Entry& entry : entries) json["parts"].push_back(part_json(entry));
    fmt::print("{}\n", json.dump(2));
    return;
  }
  const std::vector<std::string> families = catalog.families();
  const bool is_family = std::find(families.begin(), families.end(), options.what) != families.end();
  const bool one_part = entries.size() == 1 && !options.what.empty() && !is_family;
  fmt::print("{}", one_part ? part_text(entries.front()) : list_text(entries));
}

}  // namespace

void add_parts(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  line.add("parts", "List the parts of the catalog, or the numbers of one")
      .argument("[WHAT]", options->what, "A family, or a part as PART or FAMILY/PART")
      .flag("--json", options->json, "Answer in JSON")
      .runs([options] {
        list_parts(*options);
        return 0;
      });
}

}  // namespace labtwin::command
