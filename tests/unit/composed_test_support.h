// What the tests of composed primitives have in common: run a body on real threads and under many
// random schedules.
#ifndef HEDDLE_TESTS_UNIT_COMPOSED_TEST_SUPPORT_H_
#define HEDDLE_TESTS_UNIT_COMPOSED_TEST_SUPPORT_H_

#include <set>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/controlled.h"

namespace heddle::testing {

// Nothing is wrong with the body: neither on real threads nor in 2,000 random walks. What it checks
// itself, it checks with heddle::Assert.
inline void ExpectClean(void (*body)(), ExecutionOptions options = {}) {
  body();
  Controlled controlled(options);
  controlled.RunRandom(body, 2'000);
  EXPECT_TRUE(controlled.Clean()) << controlled.suspicions.size()
                                  << " findings: " << controlled.Text().substr(0, 1'000);
}

// What random walks find in the body, as "kind: message", each once.
inline std::set<std::string> FindingsOf(void (*body)(), int executions = 200,
                                        ExecutionOptions options = {}) {
  Controlled controlled(options);
  controlled.RunRandom(body, executions);
  std::set<std::string> findings;
  for (const Suspicion& suspicion : controlled.suspicions) {
    findings.insert(std::string(NameOf(suspicion.kind)) +
                    (suspicion.message.empty() ? "" : ": " + suspicion.message));
  }
  return findings;
}

using Findings = std::set<std::string>;

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_UNIT_COMPOSED_TEST_SUPPORT_H_
