#include "models/calibration/entry_tables.hpp"

#include <fmt/format.h>

#include "models/base/error.hpp"

namespace labtwin::calibration {
namespace {

const FittedParameter& find(const FitSummary& fit, std::string_view name) {
  for (const FittedParameter& parameter : fit.parameters) {
    if (parameter.name == name) return parameter;
  }
  throw InternalError(fmt::format("the fit of {} has no parameter {}", fit.unit, name));
}

std::string quantity(const FittedParameter& parameter) {
  return parameter.unit.empty() ? fmt::format("{:.4g}", parameter.value)
                                : fmt::format("\"{:.4g} {}\"", parameter.value, parameter.unit);
}

std::string flash_tables(const FitSummary& fit) {
  std::string parameters = "[parameters.sustained_write]\n";
  std::string sigma = "\n[fit.sigma]\n";
  for (const FittedParameter& p : fit.parameters) {
    parameters += fmt::format("{} = {}\n", p.name, quantity(p));
    if (p.sigma > 0.0) sigma += fmt::format("\"sustained_write.{}\" = {:.3g}\n", p.name, p.sigma / p.value);
  }
  return parameters + "\n[grades]\nsustained_write = \"fitted\"\n" + sigma;
}

// A test of an empty drive does not tell how much of the cache is lent by free space, nor how fast it is emptied.
std::string slc_tables(const FitSummary& fit) {
  const std::string direct = quantity(find(fit, "direct_rate"));
  std::string text = fmt::format("[parameters.slc_cache]\ncapacity = {}\nfixed = {}\nof_free = 0.0\n",
                                 quantity(find(fit, "capacity")), quantity(find(fit, "size")));
  text += fmt::format("direct_rate = {}\nrefill_rate = {}\n", direct, direct);
  text +=
      "\n[grades]\nslc_cache = \"measured\"\n\"slc_cache.of_free\" = \"assumed\"\n\"slc_cache.refill_rate\" = \"assumed\"\n";
  text += fmt::format("\n# In [parameters.sequential_write]: bandwidth = {}\n", quantity(find(fit, "fast_rate")));
  return text;
}

}  // namespace

bool makes_entry_tables(std::string_view kind) {
  return kind == "sustained_write" || kind == "slc_cache";
}

MeasurementTable all_to_fit(const MeasurementTable& table) {
  if (table.find_column("split")) return table;
  std::vector<std::string> columns = table.columns();
  columns.emplace_back("split");
  MeasurementTable result(table.name(), columns);
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    std::vector<std::string> cells;
    for (const std::string& column : table.columns()) cells.emplace_back(table.text(row, column));
    cells.emplace_back("fit");
    result.add_row(std::move(cells));
  }
  return result;
}

std::string entry_tables(const FitSummary& fit) {
  return fmt::format("# {}, fitted on {} rows: tables for its entry in models/catalog/drives.\n\n{}", fit.unit, fit.num_rows,
                     fit.law == "flash_log" ? flash_tables(fit) : slc_tables(fit));
}

}  // namespace labtwin::calibration
