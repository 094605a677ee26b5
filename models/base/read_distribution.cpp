// Reading a distribution from a document: a scalar is a constant, a table names the family and its parameters.

#include <cmath>

#include "models/base/table_reader.hpp"

namespace labtwin {
namespace {

enum class Family { Constant, Uniform, Exponential, Lognormal, Gamma, Weibull, Empirical };

constexpr Range kCv = {.low = 0.0, .low_included = false, .high = 100.0};

}  // namespace

std::vector<QuantilePoint> TableReader::read_quantiles(Dimension dimension, Range range) {
  std::vector<QuantilePoint> points;
  for (const Value* item : array_items("quantiles")) {
    const std::string item_path = element_path("quantiles", points.size());
    if (item->kind != Value::Kind::Array || item->items.size() != 2) {
      fail_value(*item, item_path, "must be a pair of a fraction and a value, e.g. [0.5, \"3 s\"]");
      return {};
    }
    const auto u = read_number(item->items[0], item_path + "[0]", kFraction, {});
    const auto value = read_number(item->items[1], item_path + "[1]", range, dimension);
    if (!u || !value) return {};
    points.push_back({*u, *value});
  }
  return points;
}

Distribution TableReader::read_family(Dimension dimension, Range range) {
  const auto number = [&](std::string_view key) {
    return find_required(key) ? read_number(*raw(key), path(key), range, dimension).value_or(0.0) : 0.0;
  };
  const std::size_t mistakes = sink_->diagnostics().size();
  const auto family = enumeration<Family>("distribution", {{"constant", Family::Constant},
                                                           {"uniform", Family::Uniform},
                                                           {"exponential", Family::Exponential},
                                                           {"lognormal", Family::Lognormal},
                                                           {"gamma", Family::Gamma},
                                                           {"weibull", Family::Weibull},
                                                           {"empirical", Family::Empirical}});
  if (sink_->diagnostics().size() != mistakes) {  // which keys belong to the family cannot be told
    accept_rest();
    return {};
  }
  const auto build = [&](auto make) { return sink_->diagnostics().size() == mistakes ? make() : Distribution(); };
  switch (family) {
    case Family::Constant: {
      const auto value = number("value");
      return build([&] { return Distribution::constant(value); });
    }
    case Family::Uniform: {
      const auto low = number("low");
      const auto high = number("high");
      return build([&] { return Distribution::uniform(low, high); });
    }
    case Family::Exponential: {
      const auto mean = number("mean");
      return build([&] { return Distribution::exponential(mean); });
    }
    case Family::Lognormal: {
      if (has("median")) {
        const auto median = number("median");
        const auto p90 = number("p90");
        return build([&] { return Distribution::lognormal_from_median(median, p90); });
      }
      const auto mean = number("mean");
      const auto cv = required<double>("cv", kCv);
      return build([&] { return Distribution::lognormal_from_mean(mean, cv); });
    }
    case Family::Gamma: {
      const auto mean = number("mean");
      const auto cv = required<double>("cv", kCv);
      return build([&] { return Distribution::gamma(mean, cv); });
    }
    case Family::Weibull: {
      const auto mean = number("mean");
      const auto shape = required<double>("shape", between(0.1, 100.0));
      return build([&] { return Distribution::weibull(mean, shape); });
    }
    case Family::Empirical: {
      const auto points = find_required("quantiles") ? read_quantiles(dimension, range) : std::vector<QuantilePoint>();
      return build([&] { return Distribution::empirical(points); });
    }
  }
  return {};
}

Distribution TableReader::read_distribution(std::string_view key, Dimension dimension, Range range) {
  const Value& value = *raw(key);
  if (value.kind != Value::Kind::Table) {
    const auto constant = read_number(value, path(key), range, dimension);
    return constant ? Distribution::constant(*constant) : Distribution();
  }
  TableReader inside = inner(value, path(key), std::string(key));
  try {
    return inside.read_family(dimension, range);
  } catch (const ModelError& error) {  // the parameters contradict each other
    fail(key, error.what());
    return {};
  }
}

}  // namespace labtwin
