#pragma once

// A catalog entry: the parameters of one part, the law they belong to, and where each number is from.
//
//   name = "Samsung 970 EVO Plus 1TB"
//   law = "queue_depth_curve"
//   grade = "fitted"                      # of every parameter that [grades] does not name
//   [parameters]                          # what the law reads
//   [grades]                              # "random_read.max_iops" = "datasheet"
//   [source]                              # text, url, date
//   [fit]                                 # optional: set, date, rows, sigma, discrepancy
//   [price]                               # optional: amount, currency, date, source
//   [power]                               # optional: idle, active, date, source

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/table_reader.hpp"
#include "models/base/units.hpp"

namespace labtwin::catalog {

/// How well a number is known, best first. A result is as good as the worst grade on its path.
enum class Grade : unsigned char { Measured, Fitted, Datasheet, Assumed };
[[nodiscard]] std::string_view grade_name(Grade grade) noexcept;

struct Source {
  std::string text;
  std::string url;   ///< may be empty
  std::string date;  ///< year-month-day; may be empty
};

/// What the fit that produced the parameters knew about itself.
struct Fit {
  std::string set;  ///< measurement set, as a path below the data folder
  std::string date;
  std::optional<int> rows;
  std::map<std::string, double> sigma;        ///< relative standard deviation by parameter
  std::map<std::string, double> discrepancy;  ///< log spread of the law's residuals by quantity or regime
};

struct Price {
  double amount = 0.0;
  std::string currency;
  std::string date;
  std::string source;
};

struct Power {
  Watts idle;
  std::optional<Watts> active;
  std::string date;
  std::string source;
};

/// One parameter as it stands in the file: dotted name, value with its unit.
struct Parameter {
  std::string name;
  std::string value;
  Grade grade = Grade::Assumed;
};

struct Entry {
  std::string family;
  std::string part;                  ///< the file's name without `.toml`
  std::string name;                  ///< for people
  std::vector<std::string> aliases;  ///< other names under which measurements know the part
  std::string law;
  Grade grade = Grade::Assumed;
  std::vector<Parameter> parameters;
  Source source;
  std::optional<Fit> fit;
  std::optional<Price> price;
  std::optional<Power> power;
};

/// Reads the parameters of a law from the entry's table.
using ParameterReader = std::function<void(const std::string& law, TableReader& parameters)>;

/// Reads an entry; mistakes go to the sink. `read_parameters` judges law and parameters.
[[nodiscard]] Entry read_entry(const Document& document, DiagnosticSink& sink, const ParameterReader& read_parameters);

}  // namespace labtwin::catalog
