#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace labtwin {

/// Memory for coroutine frames, which come and go by the million in a few sizes: freed frames are kept in a list per size and
/// handed out again. The engine lives in one thread, and so does this. Memory follows the largest number of frames alive.
class FramePool {
 public:
  static void* allocate(std::size_t size) {
    const std::size_t size_class = (size + kStep - 1) / kStep;
    if (size_class >= kNumClasses) return ::operator new(size);
    FreeFrame*& free = free_frames_[size_class];
    if (free == nullptr) return ::operator new(size_class* kStep);
    FreeFrame* frame = free;
    free = frame->next;
    return frame;
  }

  static void release(void* memory, std::size_t size) noexcept {
    const std::size_t size_class = (size + kStep - 1) / kStep;
    if (!kPooled || size_class >= kNumClasses) {
      ::operator delete(memory);
      return;
    }
    free_frames_[size_class] = ::new (memory) FreeFrame{free_frames_[size_class]};
  }

 private:
  struct FreeFrame {
    FreeFrame* next;
  };
  static constexpr std::size_t kStep = 64;
  static constexpr std::size_t kNumClasses = 64;
#ifdef __SANITIZE_ADDRESS__
  static constexpr bool kPooled = false;  // so that the sanitizer sees a use after the end of a frame
#else
  static constexpr bool kPooled = true;
#endif
  static inline std::array<FreeFrame*, kNumClasses> free_frames_{};
};

}  // namespace labtwin
