#include "tests/fuzz/kept_input.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace labtwin::fuzz {

KeptInput::KeptInput(const char* path) : data_(nullptr) {
  const int file = open(path, O_RDWR | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
  void* memory = MAP_FAILED;
  if (file >= 0 && ftruncate(file, kSize) == 0) memory = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (file >= 0) close(file);
  if (memory == MAP_FAILED) throw std::runtime_error(std::string(path) + ": cannot be written");
  data_ = static_cast<char*>(memory);
}

KeptInput::~KeptInput() {
  munmap(data_, kSize);
}

}  // namespace labtwin::fuzz
