#include "models/serving/load_time.hpp"

#include <algorithm>

namespace labtwin::serving {

LoaderRates loader_rates(const LoaderParameters& parameters, BytesPerSecond card_link, unsigned num_streams) {
  const BytesPerSecond upload = card_link * parameters.upload_share;
  return {.cold = std::min(upload, parameters.cold_rate * num_streams), .warm = upload};
}

Seconds load_time(const LoaderParameters& parameters, const LoadPath& path) {
  const LoaderRates rates = loader_rates(parameters, path.card_link, path.num_streams);
  const Bytes warm = path.weights * path.warm_share;
  return parameters.start_up + (path.weights - warm) / std::min(path.source_rate, rates.cold) + warm / rates.warm;
}

}  // namespace labtwin::serving
