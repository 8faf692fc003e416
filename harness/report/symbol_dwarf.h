// The debug information (DWARF 4 and 5, g++ and clang) of one executable or library: which
// functions, inlined ones included, cover an address, and where a function calls another that was
// inlined into it.
//
// All addresses are those of the file, without the load bias. Clang writes no .debug_aranges, so
// the units' own ranges are indexed: on the first look-up, at a cost per compilation unit. A unit
// is read completely when an address falls into it for the first time (5-13 ms in programs of
// 10-14 MB whose units include <regex> and <future>); after that a look-up takes 2-4 us.
//
// Not thread-safe.
#ifndef HEDDLE_HARNESS_REPORT_SYMBOL_DWARF_H_
#define HEDDLE_HARNESS_REPORT_SYMBOL_DWARF_H_

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <elfutils/libdw.h>

#include "harness/report/symbol_name.h"

namespace heddle::internal {

struct CodeRange {
  Dwarf_Addr begin = 0;
  Dwarf_Addr end = 0;
};

struct SourcePosition {
  int line = 0;
  int column = 0;
  auto operator<=>(const SourcePosition&) const = default;
};

// One level of the inlining at an address.
struct CodePlace {
  NameParts name;
  std::string file;         // as recorded
  std::string compiled_in;  // the folder
  SourcePosition position;  // in a place that others are inlined into: of the call
  bool inlined = false;
  Dwarf_Die instance = {};  // the concrete function or inlined copy that covers the address
};

class DebugInfo {
 public:
  explicit DebugInfo(Dwarf* dwarf);  // not owned
  ~DebugInfo();
  DebugInfo(const DebugInfo&) = delete;
  DebugInfo& operator=(const DebugInfo&) = delete;

  // Innermost first; empty if nothing is known about `pc`.
  std::vector<CodePlace> PlacesAt(Dwarf_Addr pc);

  // Where the instance itself (not what is inlined into it) calls a function named `callee`,
  // unqualified, that was inlined.
  std::vector<SourcePosition> InlinedCalls(const Dwarf_Die& instance, std::string_view callee);

  // The code of the instance without what is inlined into it.
  std::vector<CodeRange> OwnCode(const Dwarf_Die& instance);

  // By the line table; {0, 0} if unknown.
  SourcePosition PositionAt(Dwarf_Addr pc);

 private:
  struct Unit;
  struct UnitRange {
    CodeRange range;
    Unit* unit;
  };

  void IndexUnits();
  void IndexUnit(Unit* unit);
  void IndexChildren(Unit* unit, Dwarf_Die* parent, int scope);
  Unit* UnitAt(Dwarf_Addr pc);
  Unit* UnitOf(const Dwarf_Die& die);
  const NameParts& NameOf(Dwarf_Die die);
  int LambdaIndex(const Unit& unit, int scope);
  std::string CallFile(const Unit& unit, Dwarf_Die* inlined);

  Dwarf* const dwarf_;
  std::vector<std::unique_ptr<Unit>> units_;
  std::vector<UnitRange> ranges_;                      // sorted by begin
  std::unordered_map<const void*, Unit*> unit_of_cu_;  // by libdw's unit
  std::unordered_map<const void*, NameParts> names_;   // by the entry's address
};

}  // namespace heddle::internal

#endif  // HEDDLE_HARNESS_REPORT_SYMBOL_DWARF_H_
