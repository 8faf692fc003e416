// Turns program counters into source positions, and addresses of static storage into names.
//
// Sites are program counters until a report is made; this class resolves them, with inlined
// functions expanded. Everything it returns but SourceFrame::pc is a function of the program's
// source and build: it contains no address, does not depend on address-space randomisation or on
// the schedule, and names files relative to the source tree (symbol_path.h has the rules), so that
// reports are the same on every machine.
//
// Names are readable rather than unique: no template arguments, parameters or anonymous namespaces;
// the body of a lambda is "lambda in Run", that of the second one in the source "lambda #2 in Run".
//
// Not thread-safe; not for use inside of an execution: it allocates and reads files. The first
// look-up opens the program's debug information; results are cached. Unknown addresses give a frame
// with function "??" and nothing but its pc.
#ifndef HEDDLE_HARNESS_REPORT_SYMBOLIZER_H_
#define HEDDLE_HARNESS_REPORT_SYMBOLIZER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

struct SourceFrame {
  enum class Code { kUnknown, kHeddle, kSystem, kUser };  // kUnknown: a library without lines

  std::string function;
  std::string file;  // empty if unknown
  int line = 0;
  int column = 0;
  bool inlined = false;
  uintptr_t pc = 0;  // the return address the frame came from; never print it
  Code code = Code::kUnknown;
};

struct SymbolizerOptions {
  // The root of Heddle's own sources; empty: as its build recorded it.
  std::string source_root;
  // Files whose path contains one of these are not the user's, like those of Heddle itself.
  std::vector<std::string> internal_fragments;
};

// Where user code does something, in terms that survive edits elsewhere: the `ordinal`-th place
// (from 0, in source order) at which `function` calls `operation`.
struct UserSite {
  std::string function;
  std::string operation;  // unqualified: "lock", "lock_guard", "operator++"; empty if unknown
  int ordinal = 0;
};

// A place in a loaded file. The offset is the address that the file's own symbol table would give.
struct ModuleOffset {
  std::string module;
  uintptr_t offset = 0;
};

class Symbolizer {
 public:
  Symbolizer();
  explicit Symbolizer(SymbolizerOptions options);
  ~Symbolizer();
  Symbolizer(const Symbolizer&) = delete;
  Symbolizer& operator=(const Symbolizer&) = delete;

  // Innermost first. The call is looked up, which ends at the return address.
  std::vector<SourceFrame> Frames(uintptr_t return_address);

  // The whole stack, innermost first, without the frames of Heddle and of libraries at both ends. A
  // stack without any frame of the user is returned complete.
  std::vector<SourceFrame> UserStack(std::span<const uintptr_t> return_addresses);

  // The innermost place in the stack that is the user's. Empty function if there is none.
  UserSite Site(std::span<const uintptr_t> return_addresses);

  // The ordinal of the site at one return address, that of the innermost user frame; 0 if unknown.
  // What is called there is read from the program; `operation` is its name in case that it cannot
  // be (a call through a pointer).
  //
  // Counted are the distinct positions at which the innermost user function, or the inlined copy of
  // it that covers the address, calls a function of the same unqualified name itself, inlined or
  // not.
  int OperationOrdinal(uintptr_t return_address, std::string_view operation = {});

  // The static or global variable that contains the address, "counter" or "table+16"; empty if
  // there is none.
  std::string DataSymbol(uintptr_t address);
  std::optional<ModuleOffset> DataModuleOffset(uintptr_t address);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_REPORT_SYMBOLIZER_H_
