#include "sim/validation/replay_pool.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "sim/simulation/fork_pool.hpp"

namespace labtwin::validation {
namespace {

using nlohmann::json;

// Runs of a child: enough that its start costs little, few enough that children end at about the same time.
constexpr std::size_t kRunsPerChild = 12;

struct Share {
  std::size_t host = 0;
  std::size_t replication = 0;
  std::size_t first_run = 0;
  std::size_t stride = 1;
};

std::vector<Share> shares_of(const ReplayPlan& plan) {
  const std::size_t stride = std::max<std::size_t>(1, plan.runs.size() / kRunsPerChild);
  std::vector<Share> shares;
  for (std::size_t host = 0; host < plan.hosts.size(); ++host) {
    for (std::size_t replication = 0; replication < plan.num_replications; ++replication) {
      for (std::size_t first = 0; first < std::min(stride, plan.runs.size()); ++first) {
        shares.push_back({host, replication, first, stride});
      }
    }
  }
  return shares;
}

std::string replay_share(const ReplayPlan& plan, const Share& share, std::size_t number) {
  json line{{"share", number}, {"results", json::array()}};
  try {
    std::vector<SearchRun> runs;
    for (std::size_t i = share.first_run; i < plan.runs.size(); i += share.stride) runs.push_back(plan.runs[i]);
    for (const ReplayedSearch& r : replay_searches(runs, plan.hosts[share.host], share.replication)) {
      line["results"].push_back({r.qps, r.lat_mean_us, r.lat_p50_us, r.lat_p95_us, r.lat_p99_us});
    }
  } catch (const std::exception& error) {
    line["error"] = error.what();
  }
  return line.dump();
}

}  // namespace

std::vector<std::vector<std::vector<ReplayedSearch>>> replay_all(const ReplayPlan& plan, std::size_t num_parallel,
                                                                 const calibration::Progress& progress) {
  std::vector<std::vector<std::vector<ReplayedSearch>>> results(
      plan.hosts.size(),
      std::vector<std::vector<ReplayedSearch>>(plan.num_replications, std::vector<ReplayedSearch>(plan.runs.size())));
  const std::vector<Share> shares = shares_of(plan);
  std::size_t num_done = 0;
  const auto take = [&](const std::string& text) {
    const json line = json::parse(text);
    if (line.contains("error")) throw std::runtime_error(line["error"].get<std::string>());
    const Share& share = shares[line.at("share").get<std::size_t>()];
    std::size_t run = share.first_run;
    for (const json& r : line.at("results")) {
      results[share.host][share.replication][run] = {
          .qps = r[0], .lat_mean_us = r[1], .lat_p50_us = r[2], .lat_p95_us = r[3], .lat_p99_us = r[4]};
      run += share.stride;
    }
    ++num_done;
    if (progress) progress(static_cast<double>(num_done) / static_cast<double>(shares.size()));
  };
  run_forked(
      shares.size(), num_parallel, [&](std::size_t number) { return replay_share(plan, shares[number], number); }, take);
  return results;
}

}  // namespace labtwin::validation
