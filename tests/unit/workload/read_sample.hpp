#pragma once

#include <sstream>
#include <string>

#include "models/base/error.hpp"
#include "models/workload/trace.hpp"

namespace labtwin::workload::testing {

inline Trace read(const std::string& text) {
  std::istringstream input(text);
  return read_trace(input, "sample");
}

/// What is wrong with a trace.
inline std::string mistakes(const std::string& text) {
  try {
    (void)read(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "none";
}

}  // namespace labtwin::workload::testing
