#include "harness/report/symbol_dwarf.h"

#include <dwarf.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace heddle::internal {
namespace {

constexpr int kNoScope = -1;
constexpr int kMaxOrigins =
    16;  // a chain of origins is two or three long; damaged input may have a cycle
constexpr int kMaxDepth = 200;

// Linkers leave the ranges of discarded functions at address 0 or 1.
bool IsDiscarded(Dwarf_Addr begin) { return begin <= 1; }

std::vector<CodeRange> RangesOf(Dwarf_Die die) {
  std::vector<CodeRange> ranges;
  Dwarf_Addr base = 0;
  CodeRange range;
  for (ptrdiff_t offset = 0;
       (offset = dwarf_ranges(&die, offset, &base, &range.begin, &range.end)) > 0;) {
    if (!IsDiscarded(range.begin) && range.begin < range.end) ranges.push_back(range);
  }
  return ranges;
}

bool Covers(const Dwarf_Die& die, Dwarf_Addr pc) {
  const std::vector<CodeRange> ranges = RangesOf(die);
  return std::any_of(ranges.begin(), ranges.end(),
                     [pc](const CodeRange& range) { return range.begin <= pc && pc < range.end; });
}

bool IsClass(int tag) {
  return tag == DW_TAG_class_type || tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

// A block that is part of its function rather than a function of its own.
bool IsBlock(int tag) {
  return tag == DW_TAG_lexical_block || tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

template <class Visitor>
void ForEachChild(Dwarf_Die die, Visitor visit) {
  Dwarf_Die child;
  if (dwarf_child(&die, &child) != 0) return;
  do {
    visit(child);
  } while (dwarf_siblingof(&child, &child) == 0);
}

int Number(Dwarf_Die die, unsigned attribute) {
  Dwarf_Attribute value;
  Dwarf_Word number = 0;
  if (dwarf_attr_integrate(&die, attribute, &value) == nullptr ||
      dwarf_formudata(&value, &number) != 0)
    return 0;
  return static_cast<int>(number);
}

SourcePosition DeclaredAt(Dwarf_Die die) {
  return {Number(die, DW_AT_decl_line), Number(die, DW_AT_decl_column)};
}

SourcePosition CalledAt(Dwarf_Die die) {
  return {Number(die, DW_AT_call_line), Number(die, DW_AT_call_column)};
}

// The entry that stands in the scope where the thing was declared: from a concrete instance to its
// abstract one, from a definition outside of its class to the declaration inside.
Dwarf_Die Declaration(Dwarf_Die die) {
  for (int i = 0; i < kMaxOrigins; ++i) {
    Dwarf_Attribute attribute;
    Dwarf_Die origin;
    if (dwarf_attr(&die, DW_AT_abstract_origin, &attribute) == nullptr &&
        dwarf_attr(&die, DW_AT_specification, &attribute) == nullptr) {
      break;
    }
    if (dwarf_formref_die(&attribute, &origin) == nullptr) break;
    die = origin;
  }
  return die;
}

// The name without template arguments, "" if it has none. Some compilers name a lambda's class
// "<lambda(int)>".
std::string PlainName(Dwarf_Die die) {
  const char* name = dwarf_diename(&die);
  if (name == nullptr || name[0] == '<') return "";
  NameParts parts = ParseQualifiedName(name);
  return parts.empty() ? "" : std::move(parts.back());
}

bool IsLambdaClass(Dwarf_Die die) {
  if (!IsClass(dwarf_tag(&die)) || !PlainName(die).empty()) return false;
  bool callable = false;
  ForEachChild(die, [&](Dwarf_Die child) {
    callable |= dwarf_tag(&child) == DW_TAG_subprogram && PlainName(child) == "operator()";
  });
  return callable;
}

// Where a lambda stands in its function. The order of entries is only the last resort, for several
// on a line (clang records no columns here): clang orders them by when it needed their code.
std::tuple<SourcePosition, Dwarf_Off> LambdaOrder(Dwarf_Die die) {
  return {DeclaredAt(die), dwarf_dieoffset(&die)};
}

const char* LinkageName(Dwarf_Die die) {
  Dwarf_Attribute attribute;
  return dwarf_formstring(dwarf_attr(&die, DW_AT_linkage_name, &attribute));
}

// A function that says nothing about itself.
bool IsBareFunction(Dwarf_Die die) {
  return dwarf_tag(&die) == DW_TAG_subprogram && !dwarf_hasattr(&die, DW_AT_name) &&
         !dwarf_hasattr(&die, DW_AT_linkage_name) && !dwarf_hasattr(&die, DW_AT_specification) &&
         !dwarf_hasattr(&die, DW_AT_abstract_origin);
}

// What the mangled names of things that are local to the function begin with; "" if it is unknown.
std::string LocalNamePrefix(Dwarf_Die function) {
  const char* const linkage = LinkageName(function);
  if (linkage != nullptr && std::string_view(linkage).starts_with("_Z")) {
    return "_ZZ" + std::string(linkage + 2) + "E";
  }
  const std::string name = PlainName(function);  // C, and main
  return name.empty() ? "" : "_ZZ" + std::to_string(name.size()) + name + "E";
}

void CollectInlined(Dwarf_Die die, std::vector<Dwarf_Die>* inlined, int depth = 0) {
  if (depth > kMaxDepth) return;
  ForEachChild(die, [&](Dwarf_Die child) {
    const int tag = dwarf_tag(&child);
    if (tag == DW_TAG_inlined_subroutine) inlined->push_back(child);
    if (IsBlock(tag)) CollectInlined(child, inlined, depth + 1);
  });
}

}  // namespace

struct DebugInfo::Unit {
  struct Scope {
    Dwarf_Off offset;
    Dwarf_Die die;
    int parent;
  };
  struct Function {
    CodeRange range;
    Dwarf_Die die;
  };

  Dwarf_Die lines;    // owns the line table: the skeleton, when the information is split
  Dwarf_Die entries;  // owns everything else
  std::string compiled_in;
  bool indexed = false;
  std::vector<Scope> scopes;        // functions, classes and namespaces; sorted by offset
  std::vector<Function> functions;  // sorted by begin
  std::vector<int> lambdas;         // indices of scopes

  // kNoScope if there is none.
  int FindScope(Dwarf_Die die) const {
    const Dwarf_Off offset = dwarf_dieoffset(&die);
    const auto found =
        std::lower_bound(scopes.begin(), scopes.end(), offset,
                         [](const Scope& scope, Dwarf_Off value) { return scope.offset < value; });
    if (found == scopes.end() || found->offset != offset) return kNoScope;
    return static_cast<int>(found - scopes.begin());
  }

  // Whether two scopes are the same function or class, perhaps one its declaration and one its
  // definition.
  bool IsSame(int a, int b) const {
    if (a == b || a == kNoScope || b == kNoScope) return a == b;
    return Declaration(scopes[a].die).addr == Declaration(scopes[b].die).addr;
  }

  void AdoptOrphans();
};

// Clang 19, optimising, sometimes puts a function's local classes into a second entry that has
// nothing but them: neither a name nor a link to the function. The mangled name of a member
// function's definition begins with that of the function.
void DebugInfo::Unit::AdoptOrphans() {
  std::vector<int> orphanage(scopes.size(), kNoScope);  // by the bare function: the real one
  std::vector<std::pair<int, std::string_view>> members;
  for (const Scope& definition : scopes) {
    Dwarf_Die copy = definition.die;
    if (!dwarf_hasattr(&copy, DW_AT_specification)) continue;
    const char* const linkage = LinkageName(copy);
    if (linkage == nullptr || !std::string_view(linkage).starts_with("_ZZ")) continue;
    const int declared = FindScope(Declaration(copy));
    if (declared == kNoScope || scopes[declared].parent == kNoScope) continue;
    const int function = scopes[scopes[declared].parent].parent;
    if (function != kNoScope && IsBareFunction(scopes[function].die)) {
      members.emplace_back(function, linkage);
    }
  }
  if (members.empty()) return;
  for (size_t i = 0; i < scopes.size(); ++i) {
    if (Dwarf_Die die = scopes[i].die; dwarf_tag(&die) != DW_TAG_subprogram) continue;
    const std::string prefix = LocalNamePrefix(scopes[i].die);
    if (prefix.empty()) continue;
    for (const auto& [function, linkage] : members) {
      if (linkage.starts_with(prefix)) orphanage[function] = static_cast<int>(i);
    }
  }
  for (Scope& scope : scopes) {
    if (scope.parent != kNoScope && orphanage[scope.parent] != kNoScope)
      scope.parent = orphanage[scope.parent];
  }
}

DebugInfo::DebugInfo(Dwarf* dwarf) : dwarf_(dwarf) { IndexUnits(); }

DebugInfo::~DebugInfo() = default;

void DebugInfo::IndexUnits() {
  Dwarf_CU* cu = nullptr;
  Dwarf_Half version;
  uint8_t type;
  Dwarf_Die die, split;
  while (dwarf_get_units(dwarf_, cu, &cu, &version, &type, &die, &split) == 0) {
    auto unit = std::make_unique<Unit>();
    unit->lines = die;
    unit->entries = type == DW_UT_skeleton && split.addr != nullptr ? split : die;
    Dwarf_Attribute folder;
    if (const char* text = dwarf_formstring(dwarf_attr(&die, DW_AT_comp_dir, &folder)))
      unit->compiled_in = text;
    for (const CodeRange& range : RangesOf(die)) ranges_.push_back({range, unit.get()});
    unit_of_cu_[unit->entries.cu] = unit.get();
    units_.push_back(std::move(unit));
  }
  std::stable_sort(ranges_.begin(), ranges_.end(), [](const UnitRange& a, const UnitRange& b) {
    return a.range.begin < b.range.begin;
  });
}

void DebugInfo::IndexUnit(Unit* unit) {
  if (unit->indexed) return;
  unit->indexed = true;
  IndexChildren(unit, &unit->entries, kNoScope);
  unit->AdoptOrphans();
  std::stable_sort(unit->functions.begin(), unit->functions.end(),
                   [](const auto& a, const auto& b) { return a.range.begin < b.range.begin; });
}

// Every entry is visited, because a class inside a function may hold functions with code elsewhere.
void DebugInfo::IndexChildren(Unit* unit, Dwarf_Die* parent, int scope) {
  ForEachChild(*parent, [&](Dwarf_Die child) {
    const int tag = dwarf_tag(&child);
    const bool named = tag == DW_TAG_subprogram || tag == DW_TAG_namespace || IsClass(tag);
    if (!named && !IsBlock(tag) && tag != DW_TAG_inlined_subroutine) return;
    int inner = scope;
    if (named) {
      inner = static_cast<int>(unit->scopes.size());
      unit->scopes.push_back({dwarf_dieoffset(&child), child, scope});
    }
    if (IsLambdaClass(child)) unit->lambdas.push_back(inner);
    if (tag == DW_TAG_subprogram) {
      for (const CodeRange& range : RangesOf(child)) unit->functions.push_back({range, child});
    }
    IndexChildren(unit, &child, inner);
  });
}

DebugInfo::Unit* DebugInfo::UnitAt(Dwarf_Addr pc) {
  auto after = std::upper_bound(
      ranges_.begin(), ranges_.end(), pc,
      [](Dwarf_Addr value, const UnitRange& entry) { return value < entry.range.begin; });
  if (after == ranges_.begin() || pc >= std::prev(after)->range.end) return nullptr;
  return std::prev(after)->unit;
}

DebugInfo::Unit* DebugInfo::UnitOf(const Dwarf_Die& die) {
  const auto found = unit_of_cu_.find(die.cu);
  return found == unit_of_cu_.end() ? nullptr : found->second;
}

const NameParts& DebugInfo::NameOf(Dwarf_Die die) {
  const auto [entry, inserted] = names_.try_emplace(die.addr);
  NameParts* const name = &entry->second;  // stays valid while others are inserted
  if (!inserted) return *name;
  const Dwarf_Die declared = Declaration(die);
  Unit* const unit = UnitOf(declared);
  std::string own = PlainName(die);
  if (unit != nullptr) {
    IndexUnit(unit);
    const int scope = unit->FindScope(declared);
    if (scope != kNoScope) {
      const int parent = unit->scopes[scope].parent;
      if (parent != kNoScope) *name = NameOf(unit->scopes[parent].die);
      if (own.empty() && IsLambdaClass(declared)) own = LambdaPart(LambdaIndex(*unit, scope));
    }
    Dwarf_Die copy = declared;
    if (own.empty() && dwarf_tag(&copy) != DW_TAG_namespace) own = "unnamed";
  }
  if (!own.empty()) name->push_back(std::move(own));
  return *name;
}

int DebugInfo::LambdaIndex(const Unit& unit, int scope) {
  const auto own = LambdaOrder(unit.scopes[scope].die);
  int before = 0;
  for (const int other : unit.lambdas) {
    if (unit.IsSame(unit.scopes[other].parent, unit.scopes[scope].parent) &&
        LambdaOrder(unit.scopes[other].die) < own) {
      ++before;
    }
  }
  return before;
}

std::string DebugInfo::CallFile(const Unit& unit, Dwarf_Die* inlined) {
  Dwarf_Die owner = unit.lines;
  Dwarf_Files* files = nullptr;
  size_t count = 0;
  const int index = Number(*inlined, DW_AT_call_file);
  if (dwarf_getsrcfiles(&owner, &files, &count) != 0 || static_cast<size_t>(index) >= count)
    return "";
  const char* file = dwarf_filesrc(files, index, nullptr, nullptr);
  return file == nullptr ? "" : file;
}

std::vector<CodePlace> DebugInfo::PlacesAt(Dwarf_Addr pc) {
  Unit* const unit = UnitAt(pc);
  if (unit == nullptr) return {};
  IndexUnit(unit);
  auto after = std::upper_bound(
      unit->functions.begin(), unit->functions.end(), pc,
      [](Dwarf_Addr value, const auto& entry) { return value < entry.range.begin; });
  if (after == unit->functions.begin() || pc >= std::prev(after)->range.end) return {};

  std::vector<Dwarf_Die> chain = {std::prev(after)->die};  // outermost first
  for (bool deeper = true; deeper && chain.size() < kMaxDepth;) {
    std::vector<Dwarf_Die> inlined;
    CollectInlined(chain.back(), &inlined);
    const auto found = std::find_if(inlined.begin(), inlined.end(),
                                    [pc](const Dwarf_Die& die) { return Covers(die, pc); });
    deeper = found != inlined.end();
    if (deeper) chain.push_back(*found);
  }

  std::vector<CodePlace> places;
  for (size_t i = chain.size(); i-- > 0;) {
    CodePlace place{NameOf(chain[i]), "", unit->compiled_in, {}, i > 0, chain[i]};
    if (i + 1 < chain.size()) {
      place.file = CallFile(*unit, &chain[i + 1]);
      place.position = CalledAt(chain[i + 1]);
    } else {
      Dwarf_Die owner = unit->lines;
      if (Dwarf_Line* line = dwarf_getsrc_die(&owner, pc)) {
        if (const char* file = dwarf_linesrc(line, nullptr, nullptr)) place.file = file;
      }
      place.position = PositionAt(pc);
      // Code that the compiler merged from several lines has none.
      if (place.position.line == 0) place.position = DeclaredAt(chain[i]);
    }
    places.push_back(std::move(place));
  }
  return places;
}

std::vector<SourcePosition> DebugInfo::InlinedCalls(const Dwarf_Die& instance,
                                                    std::string_view callee) {
  std::vector<Dwarf_Die> inlined;
  CollectInlined(instance, &inlined);
  std::vector<SourcePosition> positions;
  for (const Dwarf_Die& die : inlined) {
    const NameParts& name = NameOf(die);
    if (!name.empty() && name.back() == callee) positions.push_back(CalledAt(die));
  }
  return positions;
}

std::vector<CodeRange> DebugInfo::OwnCode(const Dwarf_Die& instance) {
  std::vector<Dwarf_Die> inlined;
  CollectInlined(instance, &inlined);
  std::vector<CodeRange> holes;
  for (const Dwarf_Die& die : inlined) {
    for (const CodeRange& range : RangesOf(die)) holes.push_back(range);
  }
  std::sort(holes.begin(), holes.end(),
            [](const CodeRange& a, const CodeRange& b) { return a.begin < b.begin; });
  std::vector<CodeRange> own;
  for (CodeRange rest : RangesOf(instance)) {
    for (const CodeRange& hole : holes) {
      if (hole.end <= rest.begin || hole.begin >= rest.end) continue;
      if (rest.begin < hole.begin) own.push_back({rest.begin, hole.begin});
      rest.begin = std::min(hole.end, rest.end);
    }
    if (rest.begin < rest.end) own.push_back(rest);
  }
  return own;
}

SourcePosition DebugInfo::PositionAt(Dwarf_Addr pc) {
  Unit* const unit = UnitAt(pc);
  SourcePosition position;
  if (unit == nullptr) return position;
  Dwarf_Die owner = unit->lines;
  if (Dwarf_Line* line = dwarf_getsrc_die(&owner, pc)) {
    dwarf_lineno(line, &position.line);
    dwarf_linecol(line, &position.column);
  }
  return position;
}

}  // namespace heddle::internal
