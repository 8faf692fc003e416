// Which cases a user means.
#ifndef HEDDLE_TOOLS_CASE_CHOICE_H_
#define HEDDLE_TOOLS_CASE_CHOICE_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/explore/case.h"

namespace heddle {

// The cases whose names match a glob (`*` also matches '/'); all for an empty one. Empty when none
// does: then `*error` says so, with the names that come nearest.
std::vector<const Case*> CasesMatching(std::string_view glob, std::string* error);

// The names nearest to `wrong` among `names`, at most three; none that is not alike.
std::vector<std::string> Nearest(std::string_view wrong, const std::vector<std::string>& names);

// For options and subcommands, of which a user knows the names: the one that `wrong` begins, or
// that is at most two letters away; empty if there is none.
std::string NearestWord(std::string_view wrong, const std::vector<std::string>& words);

}  // namespace heddle

#endif  // HEDDLE_TOOLS_CASE_CHOICE_H_
