#include "harness/explore/case.h"

#include <algorithm>
#include <utility>

#include "harness/core/sanitizer_edges.h"
#include "harness/runtime/heap/malloc_interpose.h"

namespace heddle {
namespace {

constexpr uint64_t kMaxSteps = 250'000;
constexpr uint32_t kMaxThreads = 4'095;

struct Registry {
  std::vector<Case> cases;  // sorted by name
  std::vector<std::string> errors;
};

// Made at the first registration, whichever file's that is.
Registry& TheRegistry() {
  static Registry registry;
  return registry;
}

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '/';
}

// Empty: nothing is wrong.
std::string ErrorOf(const Case& added) {
  const std::string where = "case '" + added.name + "': ";
  if (added.name.empty() || !std::all_of(added.name.begin(), added.name.end(), IsNameCharacter)) {
    return where + "a name is made of a-z, 0-9, '_' and '/'";
  }
  if (added.body == nullptr) return where + "it has no body";
  if (added.limits.steps == 0 || added.limits.steps > kMaxSteps) {
    return where + "limits.steps is " + std::to_string(added.limits.steps) + "; expected 1 to " +
           std::to_string(kMaxSteps);
  }
  if (added.limits.threads == 0 || added.limits.threads > kMaxThreads) {
    return where + "limits.threads is " + std::to_string(added.limits.threads) +
           "; expected 1 to " + std::to_string(kMaxThreads);
  }
  return {};
}

}  // namespace

RegisterCase::RegisterCase(Case registered) {
  Registry& registry = TheRegistry();
  std::string error = ErrorOf(registered);
  const auto place = std::lower_bound(
      registry.cases.begin(), registry.cases.end(), registered.name,
      [](const Case& listed, const std::string& name) { return listed.name < name; });
  if (error.empty() && place != registry.cases.end() && place->name == registered.name) {
    error = "case '" + registered.name + "' is registered twice; names are unique";
  }
  if (!error.empty()) {
    registry.errors.push_back(std::move(error));
    return;
  }
  registry.cases.insert(place, std::move(registered));
}

const std::vector<Case>& AllCases() { return TheRegistry().cases; }

const std::vector<std::string>& CaseErrors() { return TheRegistry().errors; }

std::string WhyNotJudged(const Case& one) {
  if (one.needs_thread_sanitizer && !kThreadSanitizer) {
    return "its bug is on plain memory, which only the build with ThreadSanitizer sees: "
           "ci/run-cases.sh --sanitizer=thread";
  }
  const auto is_of_the_heap = [](FindingKind kind) {
    // ThreadSanitizer sees uses of freed memory, AddressSanitizer ends the process at the first.
    if (kind == FindingKind::kUseAfterFree) return !kThreadSanitizer;
    return kind == FindingKind::kDoubleFree || kind == FindingKind::kLeak;
  };
  const bool may_die =
      !kThreadSanitizer && std::any_of(one.tolerate.begin(), one.tolerate.end(), is_of_the_heap);
  if (!kHeapIsDeterministic &&
      (one.needs_deterministic_heap || may_die ||
       std::any_of(one.expect.begin(), one.expect.end(), is_of_the_heap))) {
    return "its bug is in the heap, which in this build is the sanitizer's";
  }
  return {};
}

}  // namespace heddle
