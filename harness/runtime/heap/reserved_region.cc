#include "harness/runtime/heap/reserved_region.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace heddle {
namespace {

constexpr size_t kPage = 4096;

std::string Refusal(uintptr_t address, size_t bytes, const char* reason) {
  char text[200];
  if (address != 0) {
    std::snprintf(text, sizeof(text), "cannot reserve %zu bytes of address space at %#zx: %s",
                  bytes, static_cast<size_t>(address), reason);
  } else {
    std::snprintf(text, sizeof(text), "cannot reserve %zu bytes of address space: %s", bytes,
                  reason);
  }
  return text;
}

}  // namespace

ReservedRegion::~ReservedRegion() {
  if (base_ != nullptr) munmap(base_, size_);
}

bool ReservedRegion::Reserve(uintptr_t address, size_t bytes, std::string* error) {
  bytes = (bytes + kPage - 1) & ~(kPage - 1);
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  if (address != 0) flags |= MAP_FIXED_NOREPLACE;
  void* got = mmap(reinterpret_cast<void*>(address), bytes, PROT_NONE, flags, -1, 0);
  if (got == MAP_FAILED) {
    *error = Refusal(address, bytes, std::strerror(errno));
    return false;
  }
  // A kernel before 4.17 takes the address of MAP_FIXED_NOREPLACE as a hint only.
  if (address != 0 && got != reinterpret_cast<void*>(address)) {
    munmap(got, bytes);
    *error = Refusal(address, bytes, "the range is in use");
    return false;
  }
  base_ = static_cast<char*>(got);
  size_ = bytes;
  return true;
}

bool ReservedRegion::Grow(size_t bytes) {
  if (bytes > size_) return false;
  const size_t target = std::min(size_, (bytes + kStep - 1) & ~(kStep - 1));
  if (mprotect(base_ + committed_, target - committed_, PROT_READ | PROT_WRITE) != 0) return false;
  committed_ = target;
  return true;
}

void ReservedRegion::Discard(size_t from, size_t to) {
  from = (from + kPage - 1) & ~(kPage - 1);
  to = std::min(committed_, (to + kPage - 1) & ~(kPage - 1));
  if (from < to) madvise(base_ + from, to - from, MADV_DONTNEED);
}

}  // namespace heddle
