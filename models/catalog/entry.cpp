#include "models/catalog/entry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/base/text.hpp"

namespace labtwin::catalog {
namespace {

const EnumNames<Grade> kGrades = {
    {"measured", Grade::Measured}, {"fitted", Grade::Fitted}, {"datasheet", Grade::Datasheet}, {"assumed", Grade::Assumed}};

bool is_date(std::string_view text) {
  if (text.size() != 10) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? text[i] != '-' : (text[i] < '0' || text[i] > '9')) return false;
  }
  return true;
}

/// `date = 2026-03-01` or `date = "2026-03-01"`; empty if absent.
std::string read_date(TableReader& table) {
  const Value* value = table.raw("date");
  if (value == nullptr) return {};
  const bool is_text = value->kind == Value::Kind::Date || value->kind == Value::Kind::String;
  if (is_text && is_date(value->text)) return value->text;
  table.fail("date", "must be a date such as 2026-03-01");
  return {};
}

/// What ages must say when it was true.
std::string required_date(TableReader& table) {
  if (!table.has("date")) table.fail("date", "is missing");
  return read_date(table);
}

using Leaf = std::pair<std::string, const Value*>;

/// The leaves of a table by dotted name.
void flatten(const Value& table, const std::string& prefix, std::vector<Leaf>& leaves) {
  for (const auto& [key, place, value] : table.entries) {
    std::string name = prefix.empty() ? key : fmt::format("{}.{}", prefix, key);
    if (value.kind == Value::Kind::Table) {
      flatten(value, name, leaves);
    } else {
      leaves.emplace_back(std::move(name), &value);
    }
  }
}

/// Whether `name` is the parameter `pattern` or lies in the table `pattern`.
bool covers(std::string_view pattern, std::string_view name) {
  return name == pattern || (name.starts_with(pattern) && name.substr(pattern.size()).starts_with('.'));
}

std::vector<Parameter> list_parameters(const Value* table, Grade grade) {
  std::vector<Leaf> leaves;
  if (table != nullptr) flatten(*table, "", leaves);
  std::vector<Parameter> parameters;
  for (auto& [name, value] : leaves) {
    const bool is_text = value->kind == Value::Kind::String;
    parameters.push_back({std::move(name), is_text ? value->text : value->to_toml(), grade});
  }
  return parameters;
}

void read_grades(TableReader& grades, std::vector<Parameter>& parameters) {
  std::vector<std::string> names;
  for (const Parameter& parameter : parameters) names.push_back(parameter.name);
  for (const std::string& pattern : grades.keys()) {
    const Grade grade = grades.enumeration<Grade>(pattern, kGrades);
    bool found = false;
    for (Parameter& parameter : parameters) {
      if (!covers(pattern, parameter.name)) continue;
      parameter.grade = grade;
      found = true;
    }
    if (!found) grades.fail(pattern, "names no parameter", nearest_name_hint(pattern, names));
  }
}

Source read_source(TableReader table) {
  Source source;
  source.text = table.required<std::string>("text");
  source.url = table.value_or<std::string>("url", "");
  source.date = read_date(table);
  return source;
}

std::map<std::string, double> read_spreads(TableReader& fit, std::string_view key) {
  std::map<std::string, double> spreads;
  if (auto table = fit.optional_table(key)) {
    for (const std::string& name : table->keys()) spreads[name] = table->required<double>(name, kNonNegative);
  }
  return spreads;
}

Fit read_fit(TableReader& table) {
  Fit fit;
  fit.set = table.required<std::string>("set");
  fit.date = required_date(table);
  fit.rows = table.optional<int>("rows", at_least(1));
  fit.sigma = read_spreads(table, "sigma");
  fit.discrepancy = read_spreads(table, "discrepancy");
  return fit;
}

Price read_price(TableReader& table) {
  Price price;
  price.amount = table.required<double>("amount", kNonNegative);
  price.currency = table.required<std::string>("currency");
  price.date = required_date(table);
  price.source = table.value_or<std::string>("source", "");
  return price;
}

Power read_power(TableReader& table) {
  Power power;
  power.idle = table.required<Watts>("idle", kNonNegative);
  power.active = table.optional<Watts>("active", kNonNegative);
  power.date = required_date(table);
  power.source = table.value_or<std::string>("source", "");
  return power;
}

}  // namespace

std::string_view grade_name(Grade grade) noexcept {
  for (const auto& [name, value] : kGrades) {
    if (value == grade) return name;
  }
  return "";
}

Entry read_entry(const Document& document, DiagnosticSink& sink, const ParameterReader& read_parameters) {
  TableReader root(document, sink);
  Entry entry;
  entry.name = root.required<std::string>("name");
  entry.law = root.required<std::string>("law");
  entry.grade = root.enumeration<Grade>("grade", kGrades);
  entry.aliases = root.list<std::string>("aliases");
  TableReader parameters = root.table("parameters");
  entry.parameters = list_parameters(root.raw("parameters"), entry.grade);
  if (entry.law.empty()) {
    parameters.accept_rest();  // whose keys they are cannot be told
  } else {
    read_parameters(entry.law, parameters);
  }
  if (auto grades = root.optional_table("grades")) read_grades(*grades, entry.parameters);
  entry.source = read_source(root.table("source"));
  if (auto fit = root.optional_table("fit")) entry.fit = read_fit(*fit);
  if (auto price = root.optional_table("price")) entry.price = read_price(*price);
  if (auto power = root.optional_table("power")) entry.power = read_power(*power);
  root.finish();
  return entry;
}

}  // namespace labtwin::catalog
