// Readable function names out of what compilers record.
//
// A name is a list of components, outermost first: {"app", "Box", "Set"}. Template arguments,
// parameter lists, return types, anonymous namespaces and clone suffixes are dropped, so that the
// same source gives the same name whichever compiler, optimisation level or record (DWARF or ELF
// symbol) it came from. Overloads therefore share a name.
//
// Pure functions; any thread.
#ifndef HEDDLE_HARNESS_REPORT_SYMBOL_NAME_H_
#define HEDDLE_HARNESS_REPORT_SYMBOL_NAME_H_

#include <string>
#include <string_view>
#include <vector>

namespace heddle::internal {

using NameParts = std::vector<std::string>;

// Splits a demangled name: "int app::Box<int>::Set(int) const" is {"app", "Box", "Set"}.
NameParts ParseQualifiedName(std::string_view demangled);

// The same for a symbol as the linker knows it, mangled or not.
NameParts ParseSymbol(const char* symbol);

// The component that stands for the lambda that comes `index`-th (from 0) in its enclosing
// function.
std::string LambdaPart(int index);

// "app::Box::Set"; the call operator of a lambda reads "lambda in app::Run" or
// "lambda #2 in app::Run". "??" for an empty list.
std::string JoinName(const NameParts& parts);

}  // namespace heddle::internal

#endif  // HEDDLE_HARNESS_REPORT_SYMBOL_NAME_H_
