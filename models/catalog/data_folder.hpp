#pragma once

#include <filesystem>

namespace labtwin::catalog {

/// Where the data that labtwin ships lies.
struct DataFolder {
  std::filesystem::path catalog;      ///< <family>/<part>.toml
  std::filesystem::path calibration;  ///< data/<device>/<set>/, priors/
  std::filesystem::path scenarios;    ///< scenarios, labs/, workloads/
};

/// $LABTWIN_DATA if it is set, else `share/labtwin` beside the folder of the running program, else the source tree that the
/// program was built from. Throws ConfigError if there is none.
[[nodiscard]] DataFolder find_data_folder();

}  // namespace labtwin::catalog
