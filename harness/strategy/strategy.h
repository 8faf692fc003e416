// Strategy: plans executions and learns from them; a Decider carries one plan out.
//
// A strategy never sees threads or engines: it hands out plans, plain data, and gets records back.
#ifndef HEDDLE_HARNESS_STRATEGY_STRATEGY_H_
#define HEDDLE_HARNESS_STRATEGY_STRATEGY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/schedule/decision.h"
#include "harness/strategy/decider.h"

namespace heddle {

// One execution to be made.
struct Plan {
  uint64_t index = 0;  // of the execution in its campaign, from 0
  uint64_t seed = 0;   // MixSeed(campaign seed, case, index); the only randomness of the execution
  // Decisions to repeat before the decider decides for itself. Decisions with a single possible
  // answer are not part of it: it holds exactly the answers that the decider was asked for.
  std::vector<Decision> prefix;
  // Depth-first search: the sleep set at the end of the prefix.
  std::vector<ThreadId> sleep;
  // PCT: depth and estimated length; other strategies: what they document.
  uint64_t parameter_a = 0;
  uint64_t parameter_b = 0;
  uint32_t member = 0;  // which strategy of a combined one made the plan
};

// A decision with its alternatives, for strategies that enumerate.
struct BranchPoint {
  Decision chosen;
  std::vector<Decision> alternatives;  // not yet explored and not asleep, in canonical order
  std::vector<ThreadId> sleep;         // at this point, before the choice
};

enum class ExecutionEnd : uint8_t {
  kCompleted,
  kFailed,     // a finding stopped it
  kStepLimit,  // cut by the step limit without proof that it would run for ever
};

// What a strategy may learn from.
struct ExecutionRecord {
  ExecutionEnd end = ExecutionEnd::kCompleted;
  uint64_t steps = 0;
  uint32_t threads = 0;
  bool redundant = false;              // the decider found it equivalent to an earlier one
  std::vector<BranchPoint> branches;   // after the plan's prefix; filled by the decider's End
};

struct StrategyProgress {
  bool exhausted = false;     // every schedule has been explored
  // Share of the whole done, in [0,1]; empty when the strategy cannot tell.
  std::optional<double> share_done;
  std::string note;           // "depth-first: 1,204 of about 3,000 executions"; may be empty
};

class Strategy {
 public:
  virtual ~Strategy() = default;

  // The next plan, or false when nothing is left to explore. `plan->index` and `plan->seed` are set
  // by the caller.
  virtual bool Next(Plan* plan) = 0;
  virtual std::unique_ptr<Decider> MakeDecider() const = 0;
  virtual void Learn(const Plan& plan, const ExecutionRecord& record) = 0;
  virtual StrategyProgress Progress() const = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_STRATEGY_H_
