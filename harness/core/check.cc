#include "harness/core/check.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace heddle::internal {

void CheckFailed(const char* file, int line, const char* condition, const char* message) {
  // Formatted into a local buffer: the heap may be what is broken.
  char text[512];
  const int length =
      std::snprintf(text, sizeof(text),
                    "heddle internal error: %s\n  check failed: %s\n  at %s:%d\n"
                    "  This is a bug in Heddle, not in the program under test.\n",
                    message, condition, file, line);
  if (length > 0) {
    const size_t size = static_cast<size_t>(length) < sizeof(text) ? static_cast<size_t>(length)
                                                                    : sizeof(text) - 1;
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, size);
  }
  std::abort();
}

}  // namespace heddle::internal
