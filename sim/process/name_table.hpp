#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "models/base/device.hpp"
#include "models/base/error.hpp"

namespace labtwin {

/// Numbers for names, in order of first use. What is recorded a million times carries two bytes instead of a string.
class NameTable {
 public:
  using Id = std::uint16_t;

  Id intern(std::string_view name) {
    const auto [place, is_new] = ids_.try_emplace(std::string(name), static_cast<Id>(names_.size()));
    if (is_new) {
      LABTWIN_CHECK(names_.size() < std::numeric_limits<Id>::max(), "too many different names");
      names_.emplace_back(name);
    }
    return place->second;
  }
  [[nodiscard]] const std::string& name(Id id) const { return names_.at(id); }
  [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, Id> ids_;
};

using ResourceId = NameTable::Id;
using WorkloadId = NameTable::Id;
using StageId = NameTable::Id;

/// The names of one simulation.
struct Names {
  NameTable resources;
  NameTable owners;
  NameTable workloads;
  NameTable stages;
};

}  // namespace labtwin
