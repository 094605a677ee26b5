#include "models/catalog/catalog.hpp"

#include <gtest/gtest.h>

#include "models/base/error.hpp"
#include "models/registry.hpp"

namespace labtwin::catalog {
namespace {

TEST(Catalog, EveryShippedPartIsRight) {
  const Catalog catalog;
  for (const std::string& family : catalog.families()) {
    for (const std::string& part : catalog.parts(family)) {
      EXPECT_NO_THROW(static_cast<void>(catalog.read(
          family, part, [&](const std::string& law, TableReader& parameters) { check_parameters(family, law, parameters); })))
          << family << "/" << part;
    }
  }
}

TEST(Catalog, APathIsNoPart) {
  const Catalog catalog;
  EXPECT_THROW(static_cast<void>(catalog.file("drives", "../drives/x")), ConfigError);
  EXPECT_THROW(static_cast<void>(catalog.file("../catalog", "x")), ConfigError);
  EXPECT_TRUE(catalog.parts("no_such_family").empty());
}

}  // namespace
}  // namespace labtwin::catalog
