// The executable and the shared libraries of this process, with their symbols and debug
// information.
//
// Debug information is read from the loaded file itself. Separate debug files are not looked for,
// neither on disk nor from servers: a report must not depend on which debug packages a machine
// happens to have.
//
// Everything is read lazily. Not thread-safe.
#ifndef HEDDLE_HARNESS_REPORT_SYMBOL_MODULE_H_
#define HEDDLE_HARNESS_REPORT_SYMBOL_MODULE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <elfutils/libdwfl.h>

#include "harness/report/symbol_dwarf.h"

namespace heddle::internal {

// As the loader describes it; addresses are those of this process.
struct ModuleLayout {
  struct Segment {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    bool code = false;
    bool operator==(const Segment&) const = default;
  };

  std::string path;
  bool main = false;  // the executable
  uintptr_t bias = 0;
  uintptr_t dynamic = 0;  // the dynamic section; 0 if it has none
  std::vector<Segment> segments;
  bool operator==(const ModuleLayout&) const = default;
};

// Changes whenever a library is loaded or unloaded.
uint64_t LoadedGeneration();

std::vector<ModuleLayout> LoadedModules();

struct ElfSymbol {
  uintptr_t begin = 0;
  uintptr_t size = 0;
  const char* name = nullptr;
};

class Module {
 public:
  explicit Module(ModuleLayout layout);
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  const ModuleLayout& layout() const { return layout_; }
  std::string Basename() const;

  // Installed with the system, so that nothing in it is the user's code.
  bool IsSystem() const;

  bool Contains(uintptr_t address) const;

  // The code from `address` to the end of its segment; empty if there is none.
  std::span<const uint8_t> CodeFrom(uintptr_t address) const;

  // How many bytes before `address` are code of the same segment.
  size_t CodeBefore(uintptr_t address) const;

  // The symbol that contains the address; nullptr if there is none.
  const ElfSymbol* FunctionAt(uintptr_t address);
  const ElfSymbol* DataAt(uintptr_t address);

  // The function that the loader puts into the slot at `address`, resolved or not; nullptr if it is
  // no such slot.
  const char* ImportAt(uintptr_t address);

  // nullptr if the file has none.
  DebugInfo* debug_info();

  // From an address of this process to one of the file.
  Dwarf_Addr FileAddress(uintptr_t address) const { return address - layout_.bias; }

 private:
  struct DwflCloser {
    void operator()(Dwfl* dwfl) const { dwfl_end(dwfl); }
  };

  void Open();
  void ReadSymbols();
  void ReadImports();

  const ModuleLayout layout_;
  std::unique_ptr<Dwfl, DwflCloser> dwfl_;
  Dwfl_Module* file_ = nullptr;
  bool opened_ = false;
  bool symbols_read_ = false;
  bool imports_read_ = false;
  bool debug_info_read_ = false;
  std::vector<ElfSymbol> functions_;  // sorted by begin, the preferred of several at one place last
  std::vector<ElfSymbol> data_;       // likewise
  std::unordered_map<uintptr_t, const char*> imports_;  // by slot
  std::unique_ptr<DebugInfo> debug_info_;
};

}  // namespace heddle::internal

#endif  // HEDDLE_HARNESS_REPORT_SYMBOL_MODULE_H_
