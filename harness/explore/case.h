// Case: a program under test, and the registry of those linked into this binary.
//
//   #include <heddle/case.h>
//   #include <heddle/mutex.h>
//
//   void AbBa() { heddle::Mutex a, b; ... }
//
//   const heddle::RegisterCase kAbBa{{
//       .name = "deadlock/ab_ba", .body = AbBa, .expect = {heddle::FindingKind::kDeadlock}}};
//
// The body runs once per execution, as thread main of it. Everything that it touches must be made
// in it or be the same at the start of each execution; Heddle reports what is not as
// nondeterminism.
#ifndef HEDDLE_HARNESS_EXPLORE_CASE_H_
#define HEDDLE_HARNESS_EXPLORE_CASE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/core/finding.h"

namespace heddle {

struct CaseLimits {
  uint64_t steps = 20'000;            // scheduling steps of one execution, at most 250,000
  uint32_t threads = 2'000;           // threads started in one execution, at most 4,095
  size_t memory = size_t{512} << 20;  // bytes allocated by the program at one time
  size_t stack = size_t{256} << 10;   // bytes of each thread's stack
};

struct Case {
  std::string name;  // "race/lost_update": [a-z0-9_/]+, unique
  void (*body)() = nullptr;
  std::vector<FindingKind> expect = {};    // every one of these kinds is to be found, no other;
                                           // empty: clean
  std::vector<FindingKind> tolerate = {};  // kinds that may come with it, without having to
  uint32_t preemptions = 0;                // the fewest with which what is expected shows
  void (*invariant)() = nullptr;           // run after every step; uses heddle::Assert; must not
                                           // use operations that can block
  void (*at_end)() = nullptr;              // run after all threads have ended
  CaseLimits limits = {};
  bool atomicity_of_unannotated = false;  // report AVIO's interleavings too
  bool needs_deterministic_heap = false;  // the bug is in how the heap reuses memory; implied by an
                                          // expected use-after-free, double-free or leak
  bool needs_thread_sanitizer = false;    // the bug is on plain memory, seen only by the tsan build
  std::string about = {};                 // one line for `heddle list`
};

// Adds a case to the registry before main. Two cases of one name are an error that `heddle`
// reports.
class RegisterCase {
 public:
  explicit RegisterCase(Case registered);
};

// Why this build cannot judge the case; empty if it can. Sanitizer builds have their own heap.
std::string WhyNotJudged(const Case& one);

// Every registered case, sorted by name.
const std::vector<Case>& AllCases();

// What is wrong with the registered cases, in words: a name used twice or badly formed, no body, a
// limit out of range. Empty: nothing is. Such a case is not in AllCases.
const std::vector<std::string>& CaseErrors();

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_CASE_H_
