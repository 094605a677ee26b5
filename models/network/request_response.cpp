#include "models/network/request_response.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "models/network/connection.hpp"

namespace labtwin::network {
namespace {

constexpr std::size_t kRequestsPerConnection = 1000;
constexpr int kWarmUp = 10;

std::int64_t whole(Bytes bytes) {
  return std::max<std::int64_t>(static_cast<std::int64_t>(bytes.value()), 1);
}

// Idle time shrinks a window, so what warms a connection up thinks as well.
void think(Connection& connection, const Exchange& exchange) {
  if (exchange.think > Seconds{}) connection.run_until(connection.now() + to_nanos(exchange.think));
}

void exchange_once(Connection& connection, const Exchange& exchange) {
  connection.write(Side::Client, whole(exchange.request));
  connection.run_until_arrived(Side::Client, kNever - 1);
  // A server that answers one request closes behind its answer, which is why a lost one is noticed at once.
  connection.write(Side::Server, whole(exchange.response), exchange.connect_each_time ? After::Close : After::KeepOpen);
  connection.run_until_arrived(Side::Server, kNever - 1);
}

}  // namespace

RequestTimes draw_requests(const Path& path, const TcpSettings& settings, const Exchange& exchange, RandomStream stream,
                           std::size_t num_requests) {
  RequestTimes times;
  std::optional<Connection> connection;
  for (std::size_t i = 0; i < num_requests; ++i) {
    if (!connection || exchange.connect_each_time || i % kRequestsPerConnection == 0) {
      connection.emplace(path, settings, stream, i);
      connection->connect();
      if (exchange.connect_each_time) {
        times.connect.push_back(to_seconds(connection->now()).value());
      } else {
        for (int k = 0; k < kWarmUp; ++k) {
          exchange_once(*connection, exchange);
          think(*connection, exchange);
        }
      }
    }
    const Nanos begin = exchange.connect_each_time ? 0 : connection->now();
    exchange_once(*connection, exchange);
    times.total.push_back(to_seconds(connection->now() - begin).value());
    think(*connection, exchange);
  }
  std::sort(times.total.begin(), times.total.end());
  std::sort(times.connect.begin(), times.connect.end());
  return times;
}

double quantile_of_sorted(const std::vector<double>& sorted, double u) {
  const double position = std::clamp(u, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - std::floor(position)) * (sorted[above] - sorted[below]);
}

}  // namespace labtwin::network
