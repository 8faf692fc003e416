// HEDDLE_CHECK: an invariant of the harness itself. On in every build.
//
// A failure is a bug in Heddle, never in the program under test: it prints "heddle internal error"
// with the place and aborts, which the supervisor reports as such (exit status 3).
#ifndef HEDDLE_HARNESS_CORE_CHECK_H_
#define HEDDLE_HARNESS_CORE_CHECK_H_

namespace heddle::internal {

[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              const char* message);

}  // namespace heddle::internal

// A macro because the condition's text and position belong in the message.
#define HEDDLE_CHECK(condition, message)                                              \
  do {                                                                                \
    if (!(condition)) [[unlikely]] {                                                  \
      ::heddle::internal::CheckFailed(__FILE__, __LINE__, #condition, message);       \
    }                                                                                 \
  } while (false)

#endif  // HEDDLE_HARNESS_CORE_CHECK_H_
