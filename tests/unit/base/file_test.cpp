#include "models/base/file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "models/base/error.hpp"

namespace labtwin {
namespace {

namespace fs = std::filesystem;

std::string error_of(auto&& action) {
  try {
    action();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

class Files : public testing::Test {
 protected:
  Files() { fs::create_directory(folder_); }
  ~Files() override { fs::remove_all(folder_); }

  const fs::path folder_ = fs::path(testing::TempDir()) / ("labtwin_file_test." + std::to_string(::getpid()));
};

TEST_F(Files, WriteReplacesTheWholeFileAndLeavesNothingElse) {
  const fs::path path = folder_ / "out.json";
  write_file_atomically(path, "first, longer");
  write_file_atomically(path, "second");
  EXPECT_EQ(read_text_file(path), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(Files, AFullDiskIsOneLineAndLeavesTheOldFile) {
  EXPECT_EQ(error_of([] { write_file_atomically("/dev/full", "x"); }), "/dev/full: cannot be written: No space left on device");
  const fs::path missing = folder_ / "no" / "out.json";
  EXPECT_EQ(error_of([&] { write_file_atomically(missing, "x"); }),
            missing.string() + ": cannot be written: No such file or directory");
}

TEST_F(Files, WriteFollowsASymbolicLink) {
  const fs::path target = folder_ / "target";
  const fs::path link = folder_ / "link";
  write_file_atomically(target, "old");
  fs::create_symlink(target, link);
  write_file_atomically(link, "new");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(read_text_file(target), "new");
}

TEST_F(Files, ReadRefusesWhatIsNoFile) {
  EXPECT_EQ(error_of([&] { static_cast<void>(read_text_file(folder_)); }), folder_.string() + ": is a directory, not a file");
  EXPECT_EQ(error_of([] { static_cast<void>(read_text_file("/dev/zero")); }), "/dev/zero: is not a regular file");
  write_file_atomically(folder_ / "large", std::string(2U << 20U, 'x'));
  EXPECT_EQ(error_of([&] { static_cast<void>(read_text_file(folder_ / "large", 1U << 20U)); }),
            (folder_ / "large").string() + ": is larger than 1 MiB");
}

}  // namespace
}  // namespace labtwin
