#include "harness/core/finding.h"

#include <array>

namespace heddle {
namespace {

constexpr std::array<std::string_view, kFindingKinds> kNames = {
    "data-race",   "deadlock",      "stuck",            "lock-order",  "atomicity",
    "assertion",   "invariant",     "not-linearizable", "exception",   "crash",
    "timeout",     "livelock",      "misuse",           "pool-misuse", "use-after-free",
    "double-free", "leak",          "thread-leak",      "nondeterminism"};

}  // namespace

std::string_view NameOf(FindingKind kind) { return kNames[static_cast<size_t>(kind)]; }

std::optional<FindingKind> FindingKindFromName(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<FindingKind>(i);
  }
  return std::nullopt;
}

}  // namespace heddle
