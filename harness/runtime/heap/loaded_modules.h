// The executable and the shared libraries of this process: where their segments are, and which
// belong to the C library.
//
// Threading: takes the dynamic loader's lock; only harness code calls it.
// Cost: a few microseconds.
#ifndef HEDDLE_HARNESS_RUNTIME_HEAP_LOADED_MODULES_H_
#define HEDDLE_HARNESS_RUNTIME_HEAP_LOADED_MODULES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace heddle {

struct AddressRange {
  uintptr_t begin = 0;
  uintptr_t end = 0;  // one past the last byte
  bool Contains(uintptr_t address) const { return address - begin < end - begin; }
};

// The code of the C library and the dynamic loader, in order of address.
std::vector<AddressRange> CLibraryCode();

// The writable static storage (.data and .bss) of every module but the C library and the dynamic
// loader, in the order in which the loader lists the modules. What the loader write-protected after
// relocation is left out.
std::vector<AddressRange> ProgramStaticStorage();

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_HEAP_LOADED_MODULES_H_
