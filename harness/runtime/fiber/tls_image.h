// The initial contents of a program thread's static thread-local storage.
//
// A donor thread lends its thread-local storage to one program thread after another. Before each of
// them CopyTo() puts back what the loader gave the donor at its start, so that every program thread
// finds its `thread_local` variables not yet initialised and errno 0.
//
// What is put back: the static TLS of every module that was loaded when the image was taken, save
// the C library and the loader (their state belongs to the operating system's thread: locale,
// malloc's cache), allocators and sanitizer runtimes. A sanitizer runtime that is linked into the
// executable is left out by the names of its symbols. What is not put back: modules loaded with
// dlopen whose TLS is allocated dynamically, and values of pthread_setspecific (thread_specific.h).
//
// Threading: immutable once built. Cost: CopyTo() is a plain copy, about 5 ns for a small program.
// It calls neither memcpy nor memset, which a sanitizer would take for the program's own accesses.
#ifndef HEDDLE_HARNESS_RUNTIME_FIBER_TLS_IMAGE_H_
#define HEDDLE_HARNESS_RUNTIME_FIBER_TLS_IMAGE_H_

#include <cstddef>
#include <cstdint>

namespace heddle {

class TlsImage {
 public:
  struct Range {
    intptr_t offset;     // from the FS base; negative
    const void* source;  // null: zeros
    size_t size;         // > 0
  };

  // The program's image. The first call must come from a thread whose stack, static TLS included,
  // lies at [stack_begin, FS base); its arguments do not matter afterwards.
  static const TlsImage& OfProgram(uintptr_t stack_begin);

  // Room for the static TLS of a new thread, including what the C library keeps beside it.
  static size_t StaticTlsSizeBound();

  void CopyTo(uintptr_t fs_base) const;

  // False if some state cannot be told from a sanitizer's own (a stripped executable that contains
  // one). Then nothing is put back, and a donor must serve only one program thread.
  bool complete() const { return complete_; }

  const Range* begin() const { return ranges_; }
  const Range* end() const { return ranges_ + count_; }

 private:
  // Enough for some sixty modules; a program with more has an incomplete image.
  static constexpr size_t kMaxRanges = 128;

  explicit TlsImage(uintptr_t stack_begin);
  void Add(intptr_t offset, const void* source, size_t size);
  void Exclude(intptr_t offset, size_t size);

  Range ranges_[kMaxRanges];
  size_t count_ = 0;
  intptr_t errno_offset_ = 0;
  bool complete_ = true;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_FIBER_TLS_IMAGE_H_
