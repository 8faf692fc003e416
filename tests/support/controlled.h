// Runs a body under the controlled engine, in this process, for tests.
#ifndef HEDDLE_TESTS_SUPPORT_CONTROLLED_H_
#define HEDDLE_TESTS_SUPPORT_CONTROLLED_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/core/finding.h"
#include "harness/core/random.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/strategy/random_walk.h"

namespace heddle::testing {

class Controlled : public SuspicionSink {
 public:
  explicit Controlled(ExecutionOptions options = {})
      : log_(std::make_unique<DecisionLog>()), engine_(options, log_.get()) {
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
  std::unique_ptr<DecisionLog> log_;
  ControlledEngine engine_;
};

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_SUPPORT_CONTROLLED_H_
