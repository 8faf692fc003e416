// Which thread-local variables of the executable belong to a sanitizer that is linked into it.
//
// clang links the runtimes of ThreadSanitizer and AddressSanitizer statically. Their per-thread
// state then lies among the program's own thread-local variables, and setting it back would crash
// the runtime. It is found by the names in the executable's symbol table.
//
// Threading: callable from any thread. Cost: reads the executable's symbol table, milliseconds.
#ifndef HEDDLE_HARNESS_RUNTIME_FIBER_SANITIZER_TLS_H_
#define HEDDLE_HARNESS_RUNTIME_FIBER_SANITIZER_TLS_H_

#include <cstdint>
#include <vector>

namespace heddle::internal {

struct TlsSymbol {
  uint64_t offset;  // from the beginning of the executable's TLS segment
  uint64_t size;
};

// Whether the code of a sanitizer lies in the executable itself.
bool SanitizerIsInExecutable();

// Appends the sanitizer's variables. False if the executable has no readable symbol table.
bool FindSanitizerTls(std::vector<TlsSymbol>* symbols);

}  // namespace heddle::internal

#endif  // HEDDLE_HARNESS_RUNTIME_FIBER_SANITIZER_TLS_H_
