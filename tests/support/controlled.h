// Runs a body under the controlled engine, in this process, for tests.
#ifndef HEDDLE_TESTS_SUPPORT_CONTROLLED_H_
#define HEDDLE_TESTS_SUPPORT_CONTROLLED_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/core/finding.h"
#include "harness/core/random.h"
#include "harness/explore/shared_state.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/strategy/random_walk.h"

namespace heddle::testing {

class Controlled : public SuspicionSink {
 public:
  explicit Controlled(ExecutionOptions options = {})
      : state_(MakeSharedState()), engine_(options, &state_->log) {
    engine_.SetSuspicionSink(this);
  }

  // `executions` random walks; the suspicions of all of them are collected.
  ExecutionResult RunRandom(void (*body)(), int executions = 1, uint64_t seed = 1) {
    RandomWalkDecider decider;
    ExecutionResult last;
    for (int i = 0; i < executions; ++i) {
      Plan plan;
      plan.index = static_cast<uint64_t>(i);
      plan.seed = MixSeed(seed, plan.index);
      decider.Begin(plan);
      last = engine_.Run(Program{body}, decider);
    }
    return last;
  }

  void Report(Suspicion suspicion) override { suspicions.push_back(std::move(suspicion)); }

  int Count(FindingKind kind) const {
    int count = 0;
    for (const Suspicion& suspicion : suspicions) count += suspicion.kind == kind;
    return count;
  }
  bool Clean() const { return suspicions.empty(); }
  // "deadlock: message; misuse: ..." for failure messages.
  std::string Text() const {
    std::string text;
    for (const Suspicion& suspicion : suspicions) {
      text += std::string(NameOf(suspicion.kind)) + ": " + suspicion.message + "; ";
    }
    return text;
  }

  ControlledEngine& engine() { return engine_; }

  std::vector<Suspicion> suspicions;

 private:
  SharedStatePtr state_;  // for its log, of which only what is used is ever written
  ControlledEngine engine_;
};

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_SUPPORT_CONTROLLED_H_
