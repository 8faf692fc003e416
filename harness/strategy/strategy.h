// Strategy: plans executions and learns from them; a Decider carries one plan out.
//
// A strategy never sees threads or engines: it hands out plans, plain data, and gets records back.
#ifndef HEDDLE_HARNESS_STRATEGY_STRATEGY_H_
#define HEDDLE_HARNESS_STRATEGY_STRATEGY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/schedule/decision.h"
#include "harness/strategy/decider.h"
#include "harness/strategy/step_trace.h"

namespace heddle {

// A step's uses of the heap, as bits: steps that depend on each other for them have one in common.
// Others may, too, where blocks share a bit.
using HeapMask = uint64_t;

// A thread whose next step need not be explored here, because executions that begin with it have
// been explored from an earlier alternative and nothing since has depended on it.
struct SleepingThread {
  HeapMask heap = 0;  // of its next step
  ThreadId thread = kNoThread;
};

// A place in the tree of spawns, which is what a thread is known by under every schedule
// (strategy/thread_names.h).
struct ThreadPlace {
  uint32_t parent = 0;   // its name, an index of places
  uint32_t ordinal = 0;  // among the parent's children, from 1; 0 for the main thread
  bool operator==(const ThreadPlace&) const = default;
};

// One execution to be made.
struct Plan {
  uint64_t index = 0;  // of the execution in its campaign, from 0
  uint64_t seed = 0;   // MixSeed(campaign seed, case, index); the only randomness of the execution
  // Decisions to repeat before the decider decides for itself. Decisions with a single possible
  // answer are not part of it: it holds exactly the answers that the decider was asked for.
  std::vector<Decision> prefix;
  // Depth-first search: the sleep set just before the prefix's last decision is carried out.
  std::vector<SleepingThread> sleep;
  StepPlan steps;  // dynamic partial-order reduction
  std::vector<ThreadPlace> places;  // the threads that its steps name, by name
  // What they mean is documented by the strategy: PCT's depth and length, round robin's quantum.
  // `data` stays as it is until a strategy changes it.
  uint64_t parameter_a = 0;
  uint64_t parameter_b = 0;
  std::vector<uint64_t> data;
  uint32_t member = 0;  // which strategy of a combined one made the plan
};

// How often a thread operated on an object in one execution.
struct ObjectUse {
  uintptr_t object = 0;  // its address
  uint32_t thread = 0;   // its name
  uint64_t steps = 0;
  uint64_t changes = 0;  // of these, those that may change it
};

// A read of an object, and the write that it read from: places in the program.
struct ReadsFrom {
  uintptr_t object = 0;  // its address
  uintptr_t write = 0;   // 0: what the object held at first
  uintptr_t read = 0;
  uint64_t thread = 0;   // that reads: a hash of its place in the tree of spawns
};

// What a step did beside its operation, as bits.
enum StepEffects : uint8_t {
  kNoEffects = 0,
  kTouchedAll = 1,  // HeapUse::everything
  kDeferred = 2,  // its thread yielded, and was set aside until another has made a step
  kTimePassed = 4,  // virtual time has moved after it, because nobody could run
  kWaits = 8,  // its thread waits in a loop that looks at nothing but what the step has looked at
  kKeepsValue = 16,  // its read-modify-write has stored what was there: loops see nothing new
  // It depends on every other step.
  kOrderMatters = kTouchedAll | kDeferred,
  kUnknownEffects = kOrderMatters,
};

// A decision with its alternatives, for strategies that enumerate. Flat: the threads are in arrays
// of the record, so that recording one allocates nothing.
struct BranchPoint {
  Decision chosen;
  // For a pick: 1 + the number of alternatives. For a value: its bound; the alternatives are the
  // larger values.
  uint32_t options = 1;
  // For a pick: ExecutionRecord::alternatives [first_alternative, first_alternative + options - 1),
  // neither explored nor asleep, in canonical order.
  uint32_t first_alternative = 0;
  // ExecutionRecord::sleepers [first_sleeper, first_sleeper + sleepers): asleep before the choice.
  uint32_t first_sleeper = 0;
  uint32_t sleepers = 0;
  uint8_t effects = kUnknownEffects;  // of the step picked
  HeapMask heap = 0;
};

enum class ExecutionEnd : uint8_t {
  kCompleted,
  kFailed,     // a finding stopped it
  kStepLimit,  // cut by the step limit without proof that it would run for ever
  kLost,       // the process died in it: the decider's part of the record is missing
};

// What a strategy may learn from. Reused from execution to execution, so that nothing is allocated:
// its owner calls Clear, sets `end`, `steps` and `threads`, then lets the decider's End add the
// rest.
struct ExecutionRecord {
  void Clear() {
    end = ExecutionEnd::kCompleted;
    steps = decided = 0;
    threads = 0;
    redundant = diverged = undecided = yielded = false;
    branches.clear();
    alternatives.clear();
    prices.clear();
    sleepers.clear();
    uses.clear();
    places.clear();
    trace.Clear();
    reads_from.clear();
    order_class = 0;
    prefix_effects = kUnknownEffects;
    prefix_heap = 0;
  }

  ExecutionEnd end = ExecutionEnd::kCompleted;
  uint64_t steps = 0;
  uint64_t decided = 0;  // of them, those that the decider was asked for, where it counts them
  uint32_t threads = 0;
  bool redundant = false;  // the decider found it equivalent to an earlier one
  // The plan's prefix could not be repeated: the program is not a function of its schedule.
  bool diverged = false;
  // Steps were made that the decider was not asked for: the fair end of an execution that is past
  // its step limit.
  bool undecided = false;
  // Where the decider looks for it: a thread yielded or was seen to spin, and so had to wait
  // although the strategy would have let it go on.
  bool yielded = false;
  std::vector<BranchPoint> branches;  // after the plan's prefix
  std::vector<Decision> alternatives;
  std::vector<uint32_t> prices;  // parallel to alternatives, where a strategy bounds them
  std::vector<SleepingThread> sleepers;
  // Where the decider counts them: in order of first use. Where it names threads: those, by name.
  std::vector<ObjectUse> uses;
  std::vector<ThreadPlace> places;
  StepTrace trace;  // where the decider traces steps
  // Where the decider looks for them: each once, in order.
  std::vector<ReadsFrom> reads_from;
  // Of its happens-before order with outcomes, woken waiters and choices: the same for executions
  // that differ only in the order of independent steps. 0: not known.
  uint64_t order_class = 0;
  // Of the step in progress at the end of the prefix.
  uint8_t prefix_effects = kUnknownEffects;
  HeapMask prefix_heap = 0;
};

struct StrategyProgress {
  bool exhausted = false;  // every schedule has been explored, up to equivalence
  // What has been explored completely, where that is not all: "up to 2 preemptions". May be empty.
  std::string bound;
  // Share of the whole done, in [0,1]; empty when the strategy cannot tell.
  std::optional<double> share_done;
  // Of a search that has not ended: of how many executions it will have made (tree_size.h).
  std::optional<double> estimated_executions;
  std::string note;  // "depth-first: 1204 executions, all there are"; may be empty
};

// The parts of a search that must be told of each other, and so are explored in rounds: those of a
// round by any instances in any order, but all of them before the next.
class SearchRounds {
 public:
  virtual ~SearchRounds() = default;

  // `left`: for each part of the round, those handed on in it included, in order, what
  // TreeSearch::Split told, and "" where that was nothing; in the first round the part is the whole
  // tree. `*next`: the parts of the next, at most `most`, in the order of the search; none: nothing
  // is left. False: those are no such parts.
  virtual bool Next(std::span<const std::string> left, size_t most,
                    std::vector<std::string>* next) = 0;
  // Between two rounds: what to Add to an instance that takes so much of the tree for done, so that
  // it knows how much it is. What the parts add to each other nobody has counted.
  virtual std::string Recount(double share_done) const = 0;
  // Between two rounds. Restore into a new one. False: the bytes are damaged.
  virtual std::string ToBytes() const = 0;
  virtual bool Restore(std::string_view bytes) = 0;
};

// A search of one tree of executions that several instances of the strategy share, in several
// processes: each explores parts of the tree and may hand on what it has not explored yet.
//
// Whoever explores the parts, in whatever order: together they are exactly the executions that one
// instance would make, and the parts in the order of Split are in its order.
class TreeSearch {
 public:
  virtual ~TreeSearch() = default;

  // To be called before anything else, if it is: all instances together will not be asked for more
  // executions than that. What comes behind them need not be kept.
  virtual void LimitTo(uint64_t /*executions*/) {}
  // Hands out all that this instance has left to explore, after at least one execution and between
  // two, as at most `most` parts (1 or more) in the order of the search: the branches nearest to
  // the root, which tend to be the largest, singly. None: nothing is left. The instance ends with
  // it.
  virtual std::vector<std::string> Split(size_t most) = 0;
  // In rounds, before Split: hands out what must be explored in this round still, as at most `most`
  // parts that come where this one is.
  virtual std::vector<std::string> HandOnInRound(size_t /*most*/) { return {}; }
  // Whether handing on costs little memory: else the instance goes on.
  virtual bool CanHandOn() const { return true; }
  // Makes a new instance explore this part and nothing else. False: it is no such part.
  virtual bool Adopt(std::string_view part) = 0;
  // Where parts must be told of each other: null, where they need not.
  virtual std::unique_ptr<SearchRounds> MakeRounds() const { return nullptr; }
};

class Strategy {
 public:
  virtual ~Strategy() = default;

  // The next plan, or false when this strategy has nothing more to try (which is everything only if
  // Progress().exhausted says so). `plan->index` and `plan->seed` are set by the caller. At most
  // one plan is out at a time: each Next is followed by its execution and Learn.
  virtual bool Next(Plan* plan) = 0;
  virtual std::unique_ptr<Decider> MakeDecider() const = 0;
  virtual void Learn(const Plan& plan, const ExecutionRecord& record) = 0;
  virtual StrategyProgress Progress() const = 0;

  // How the executions of a campaign may be divided among instances in several processes without a
  // change in what is explored. By default not at all: one instance makes them all.
  //
  // By index, for what samples: when an instance has made the first CommonExecutions() executions,
  // a Clone of it plans any range of later indexes, in order, as a function of the common
  // executions and of those of the range. (It tells its place from plan->index.) 0: nothing is
  // learnt that execution number 0 could not do without.
  virtual std::optional<uint64_t> CommonExecutions() const { return std::nullopt; }
  virtual std::unique_ptr<Strategy> Clone() const { return nullptr; }
  // By parts, for what enumerates. Null: not so.
  virtual TreeSearch* AsTreeSearch() { return nullptr; }

  // What this instance has counted since it was made, cloned, or given a part; and Add for the
  // counts of another: the progress and the words of the whole come from an instance to which the
  // counts of all have been added. `finished`: no part is left. False: they are no counts. Empty:
  // what one instance can say of itself is all there is to say.
  virtual std::string Counts() const { return {}; }
  virtual bool Add(std::string_view counts, bool /*finished*/) { return counts.empty(); }
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_STRATEGY_H_
