// Explores a body under the controlled engine with a strategy, in this process, for tests.
#ifndef HEDDLE_TESTS_SUPPORT_EXPLORATION_H_
#define HEDDLE_TESTS_SUPPORT_EXPLORATION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/core/finding.h"
#include "harness/core/random.h"
#include "harness/explore/shared_state.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/strategy/strategy.h"

namespace heddle::testing {

class Exploration : public SuspicionSink {
 public:
  explicit Exploration(ExecutionOptions options = {})
      : state_(MakeSharedState()), engine_(options, &state_->log) {
    engine_.SetSuspicionSink(this);
  }

  // Runs the body once; the record is complete, the decider's part included.
  const ExecutionRecord& Execute(void (*body)(), Decider& decider, const Plan& plan) {
    record_.Clear();
    decider.Begin(plan);
    result_ = engine_.Run(Program{body}, decider);
    record_.steps = result_.steps;
    record_.threads = result_.threads;
    record_.end = result_.end == EngineEnd::kCompleted ? ExecutionEnd::kCompleted
                  : result_.end == EngineEnd::kFailed  ? ExecutionEnd::kFailed
                                                       : ExecutionEnd::kStepLimit;
    decider.End(&record_);
    return record_;
  }

  // Until the strategy has nothing more or `limit` executions are made; returns their number.
  // `after` is called when an execution has ended.
  uint64_t Explore(void (*body)(), Strategy& strategy, uint64_t limit,
                   const std::function<void()>& after = nullptr, uint64_t seed = 1) {
    const std::unique_ptr<Decider> decider = strategy.MakeDecider();
    Plan plan;
    uint64_t executions = 0;
    while (executions < limit && strategy.Next(&plan)) {
      plan.index = executions++;
      plan.seed = MixSeed(seed, plan.index);
      strategy.Learn(plan, Execute(body, *decider, plan));
      if (after) after();
    }
    return executions;
  }

  void Report(Suspicion suspicion) override { suspicions.push_back(std::move(suspicion)); }

  // Of the last execution.
  std::span<const Decision> log() const { return {state_->log.entries, state_->log.count}; }
  std::vector<Decision> CopyLog() const { return {log().begin(), log().end()}; }
  // Its picks as text: thread and code of the operation, "0g 1g 1S".
  std::string Picks() const {
    std::string text;
    for (const Decision decision : log()) {
      if (!decision.is_pick()) continue;
      if (!text.empty()) text += ' ';
      text += std::to_string(Index(decision.thread())) + TraitsOf(decision.op()).code;
    }
    return text;
  }
  const ExecutionResult& result() const { return result_; }
  const ExecutionRecord& record() const { return record_; }

  std::vector<Suspicion> suspicions;

 private:
  SharedStatePtr state_;  // for its log, of which only what is used is ever written
  ControlledEngine engine_;
  ExecutionResult result_;
  ExecutionRecord record_;
};

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_SUPPORT_EXPLORATION_H_
