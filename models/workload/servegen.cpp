#include "models/workload/servegen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "models/base/csv.hpp"
#include "models/base/error.hpp"
#include "models/base/text.hpp"

namespace labtwin::workload {
namespace {

constexpr std::string_view kAllClients = "top12_weighted_by_rate";

double weibull_variation(double shape) {
  const double log_square = std::lgamma(1.0 + 2.0 / shape) - 2.0 * std::lgamma(1.0 + 1.0 / shape);
  return std::sqrt(std::expm1(log_square));
}

/// The shape whose coefficient of variation is `cv`, which falls with the shape.
double weibull_shape(double cv) {
  double low = std::log(0.15);
  double high = std::log(100.0);
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2.0;
    (weibull_variation(std::exp(middle)) > cv ? low : high) = middle;
  }
  return std::exp((low + high) / 2.0);
}

double gap_of(const ClientWindow& window, double u) {
  const Distribution gaps =
      window.is_weibull ? Distribution::weibull(1.0, weibull_shape(window.cv)) : Distribution::gamma(1.0, window.cv);
  return gaps.quantile(u);
}

/// What is left, at a moment that nobody chose, of the gap under way: a share of one drawn in proportion to its length.
double rest_of_gap(const ClientWindow& window, double u, double share) {
  if (!window.is_weibull) {
    const double shape = 1.0 / (window.cv * window.cv);
    return share * Distribution::gamma((shape + 1.0) / shape, 1.0 / std::sqrt(shape + 1.0)).quantile(u);
  }
  const double shape = weibull_shape(window.cv);
  const double power = Distribution::gamma(1.0 + 1.0 / shape, 1.0 / std::sqrt(1.0 + 1.0 / shape)).quantile(u);
  return share * std::pow(power, 1.0 / shape) / std::tgamma(1.0 + 1.0 / shape);
}

class Reader {
 public:
  explicit Reader(const ServegenSelection& selection)
      : selection_(selection), windows_(CsvTable::read(selection.windows)), lengths_(CsvTable::read(selection.lengths)) {}

  ServegenClients read() {
    read_lengths();
    read_windows();
    return std::move(result_);
  }

 private:
  struct Fields {
    std::optional<Distribution> prompt;
    std::optional<Distribution> output;
  };

  static double positive(const CsvTable& table, std::size_t row, std::string_view name) {
    const std::size_t column = table.column(name);
    const auto value = table.number(row, column);
    if (!value || *value <= 0.0) throw ConfigError(table.diagnostic(row, column, "must be a number > 0"));
    return *value;
  }

  void read_lengths() {
    const std::size_t model = lengths_.column("model");
    const std::size_t client = lengths_.column("client_chunk");
    const std::size_t field = lengths_.column("field");
    std::map<std::string, Fields, std::less<>> fields;
    for (std::size_t row = 0; row < lengths_.num_rows(); ++row) {
      if (lengths_.cell(row, model) != selection_.model) continue;
      Fields& of_client = fields[std::string(lengths_.cell(row, client))];
      if (lengths_.cell(row, field) == "input_tokens") of_client.prompt = distribution(row);
      if (lengths_.cell(row, field) == "output_tokens") of_client.output = distribution(row);
    }
    for (auto& [name, of_client] : fields) {
      if (!of_client.prompt || !of_client.output) continue;
      number_of_[name] = result_.lengths.size();
      result_.lengths.push_back({std::move(*of_client.prompt), std::move(*of_client.output)});
    }
    if (!result_.lengths.empty()) return;
    throw ConfigError({.place = {.file = lengths_.name()},
                       .key = "model",
                       .value = selection_.model,
                       .rule = fmt::format("has no lengths here: one of {}", join_names(names_in(lengths_))),
                       .hint = nearest_name_hint(selection_.model, names_in(lengths_))});
  }

  [[nodiscard]] Distribution distribution(std::size_t row) const {
    constexpr std::array<std::pair<std::string_view, double>, 7> kColumns = {
        {{"p10", 0.1}, {"p25", 0.25}, {"p50", 0.5}, {"p75", 0.75}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}}};
    std::vector<QuantilePoint> points = {{}};
    for (const auto& [name, u] : kColumns) {
      const double value = positive(lengths_, row, name);
      if (value < points.back().value) {
        throw ConfigError(lengths_.diagnostic(row, lengths_.column(name), "must not be below the quantile before"));
      }
      points.push_back({u, value});
    }
    const double slope = (points[2].value - points[1].value) / (points[2].u - points[1].u);
    points[0].value = std::clamp(points[1].value - slope * points[1].u, 1.0, points[1].value);
    const QuantilePoint last = points.back();
    points.push_back({1.0, last.value});
    const double missing = positive(lengths_, row, "mean") - Distribution::empirical(points).mean();
    points.back().value += std::max(0.0, 2.0 * missing / (1.0 - last.u));
    return Distribution::empirical(std::move(points));
  }

  void read_windows() {
    const std::size_t model = windows_.column("model");
    const std::size_t client = windows_.column("client_chunk");
    std::map<std::string, ServegenClient, std::less<>> clients;
    for (std::size_t row = 0; row < windows_.num_rows(); ++row) {
      if (windows_.cell(row, model) != selection_.model) continue;
      const ClientWindow window = read_window(row);
      if (window.begin + kServegenWindow <= Seconds{}) continue;
      clients[std::string(windows_.cell(row, client))].windows.push_back(window);
    }
    for (auto& [name, one] : clients) {
      std::sort(one.windows.begin(), one.windows.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
      one.lengths = lengths_of(name);
      result_.clients.push_back(std::move(one));
    }
    if (!result_.clients.empty()) return;
    throw ConfigError({.place = {.file = windows_.name()},
                       .key = "model",
                       .value = selection_.model,
                       .rule = "has no windows at or behind the start",
                       .hint = fmt::format("models here: {}", join_names(names_in(windows_)))});
  }

  [[nodiscard]] ClientWindow read_window(std::size_t row) const {
    const std::size_t begin = windows_.column("window_start_s");
    const std::size_t family = windows_.column("arrival_family");
    const auto begins = windows_.number(row, begin);
    if (!begins || *begins < 0.0) throw ConfigError(windows_.diagnostic(row, begin, "must be a number >= 0"));
    const std::string_view name = windows_.cell(row, family);
    if (name != "Gamma" && name != "Weibull") throw ConfigError(windows_.diagnostic(row, family, "must be Gamma or Weibull"));
    return {.begin = Seconds::from_base(*begins) - selection_.start,
            .rate = PerSecond::from_base(positive(windows_, row, "rate_per_s")),
            .cv = std::min(kMostVariation, positive(windows_, row, "cv")),
            .is_weibull = name == "Weibull"};
  }

  [[nodiscard]] std::size_t lengths_of(const std::string& client) const {
    const auto own = number_of_.find(client);
    const auto all = number_of_.find(kAllClients);
    if (own == number_of_.end() && all == number_of_.end()) {
      throw ConfigError({.place = {.file = lengths_.name()},
                         .key = "client_chunk",
                         .value = client,
                         .rule = fmt::format("has no lengths, and there is no row {} for all others", kAllClients),
                         .hint = {}});
    }
    return own != number_of_.end() ? own->second : all->second;
  }

  static std::vector<std::string> names_in(const CsvTable& table) {
    std::vector<std::string> names;
    for (std::size_t row = 0; row < table.num_rows(); ++row) {
      const std::string_view name = table.cell(row, table.column("model"));
      if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
    }
    return names;
  }

  const ServegenSelection& selection_;
  CsvTable windows_;
  CsvTable lengths_;
  ServegenClients result_;
  std::map<std::string, std::size_t, std::less<>> number_of_;  ///< of lengths, by client
};

}  // namespace

ServegenClients read_servegen(const ServegenSelection& selection) {
  return Reader(selection).read();
}

ServegenRequests::ServegenRequests(std::shared_ptr<const ServegenClients> clients, double scale, const RandomSource& random)
    : clients_(std::move(clients)),
      scale_(scale),
      gaps_(random.stream("servegen.gap")),
      lengths_(random.stream("servegen.length")) {
  for (std::uint32_t client = 0; client < clients_->clients.size(); ++client) {
    const ClientWindow& window = clients_->clients[client].windows.front();
    const double rest = rest_of_gap(window, gaps_.uniform(client, 0), lengths_.uniform(client, 0));
    advance({.at = std::max(Seconds{}, window.begin), .client = client}, rest);
  }
}

void ServegenRequests::advance(Cursor cursor, double gap) {
  const std::vector<ClientWindow>& windows = clients_->clients[cursor.client].windows;
  for (; cursor.window < windows.size(); ++cursor.window) {
    const ClientWindow& window = windows[cursor.window];
    cursor.at = std::max(cursor.at, window.begin);
    const double left = (window.begin + kServegenWindow - cursor.at) * window.rate * scale_;
    if (gap <= left) {
      cursor.at += gap / (window.rate * scale_);
      return next_.push(cursor);
    }
    gap -= left;
  }
}

std::optional<TraceRequest> ServegenRequests::next() {
  if (next_.empty()) return std::nullopt;
  Cursor cursor = next_.top();
  next_.pop();
  const ServegenClient& client = clients_->clients[cursor.client];
  const ServegenLengths& lengths = clients_->lengths[client.lengths];
  const std::uint64_t number = ++cursor.num_asked;
  TraceRequest request{.at = cursor.at,
                       .prompt_tokens = lengths.prompt_tokens.quantile(lengths_.uniform(cursor.client, 2 * number)),
                       .output_tokens = lengths.output_tokens.quantile(lengths_.uniform(cursor.client, 2 * number + 1))};
  advance(cursor, gap_of(client.windows[cursor.window], gaps_.uniform(cursor.client, number)));
  return request;
}

}  // namespace labtwin::workload
