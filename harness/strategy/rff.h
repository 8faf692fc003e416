// RFF: Wolff, Shi, Duck, Mathur, Roychoudhury, "Greybox fuzzing for concurrency testing" (ASPLOS
// 2024, doi 10.1145/3620665.3640389).
//
// What matters of a schedule is which write each read reads from. So a schedule is asked for by a
// few constraints: "this read reads from that write", or that it does not. An execution runs by POS
// (strategy/pos.h), but a thread whose next operation would break a constraint waits: a read until
// its write is the last one, another write until the read has been made. Each execution shows pairs
// of writes and reads; constraint sets that showed a pair for the first time are kept, and mutated:
// a constraint is added, taken out, or made its opposite. Sets whose combination of pairs has been
// seen least are mutated most. Every second execution starts from no constraint instead; a new one
// is often of a read and a write that have been seen, but not together.
//
// Reads and writes are known again by their place in the program and their object's address; a read
// may also be asked of one thread only, known by its place in the tree of spawns. A lock reads from
// the lock before it. The value before any write is a write, too.
// Departures: a constraint holds for the first read that it fits, and is given up where everybody
// who can run waits for it. One that forbids a write makes the read wait for another, but not that
// write for the read. Ordinary memory has no scheduling points and no constraints. A
// compare-exchange counts as a write although it may fail. The power schedule is that of AFLFast,
// in powers of two. Plan: data holds kWordsEach numbers for each constraint; empty: POS alone.
// Cost: as POS, and constraints (at most kMostConstraints) times threads that can run.
#ifndef HEDDLE_HARNESS_STRATEGY_RFF_H_
#define HEDDLE_HARNESS_STRATEGY_RFF_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "harness/core/random.h"
#include "harness/strategy/operation_priorities.h"
#include "harness/strategy/strategy.h"

namespace heddle {

// `read`, in `thread` if that is not kAnyThread, reads from `write`; or, `forbidden`, does not.
struct ReadsFromConstraint {
  static constexpr uint64_t kAnyThread = 0;

  uintptr_t object = 0;
  uintptr_t read = 0;   // places in the program
  uintptr_t write = 0;  // 0: what the object held at first
  uint64_t thread = kAnyThread;
  bool forbidden = false;

  bool operator==(const ReadsFromConstraint&) const = default;
};

class RffDecider final : public Decider {
 public:
  void Begin(const Plan& plan) override;
  ThreadId Pick(const SchedulingPoint& point) override;
  uint32_t PickValue(const ValueChoice& choice) override { return random_.Below(choice.bound); }
  bool WantsEveryStep() const override { return true; }
  void End(ExecutionRecord* record) override;

 private:
  // The constraint that `op` has to wait for; null if it may go on.
  ReadsFromConstraint* WaitsFor(ThreadId thread, const Operation& op, const SchedulingPoint& point);
  bool IsReadOf(const ReadsFromConstraint& constraint, ThreadId thread, const Operation& op) const;
  void Note(ThreadId thread, const Operation& op, const SchedulingPoint& point);
  uintptr_t& LastWrite(ObjectId object);
  void Meet(const SchedulingPoint& point);

  Random random_;
  OperationPriorities priorities_;
  std::vector<uint64_t> places_;                  // by thread: the same under every schedule
  std::vector<uintptr_t> last_write_;             // by object
  std::vector<ReadsFromConstraint> constraints_;  // those not yet met or given up
  std::vector<ReadsFrom> pairs_;
  std::unordered_set<uint64_t> noted_;  // hashes of pairs_
};

class Rff final : public Strategy {
 public:
  static constexpr size_t kMostConstraints = 6;
  static constexpr size_t kWordsEach = 5;

  bool Next(Plan* plan) override;
  std::unique_ptr<Decider> MakeDecider() const override { return std::make_unique<RffDecider>(); }
  void Learn(const Plan& plan, const ExecutionRecord& record) override;
  StrategyProgress Progress() const override;
  std::optional<uint64_t> CommonExecutions() const override { return 256; }
  std::unique_ptr<Strategy> Clone() const override { return std::make_unique<Rff>(*this); }

 private:
  // A place in the program that reads an object, and who was seen to.
  struct Reader {
    uintptr_t object = 0;
    uintptr_t read = 0;
    std::vector<uint64_t> threads;
  };
  struct Object {
    uintptr_t address = 0;
    std::vector<uintptr_t> writes = {0};  // places; what it held at first
  };
  // A constraint set worth mutating.
  struct Seed {
    std::vector<ReadsFromConstraint> constraints;
    uint64_t combination = 0;  // of the pairs that it showed
    uint32_t chosen = 0;
  };

  const Seed& ChooseSeed();
  void Mutate(Random& random, std::vector<ReadsFromConstraint>* constraints) const;
  ReadsFromConstraint Draw(Random& random) const;
  bool Meet(const ReadsFrom& pair);

  std::vector<Reader> readers_;  // in order of first sight, as all that is drawn from
  std::vector<Object> objects_;
  std::unordered_map<uintptr_t, size_t> object_at_;  // by address
  std::unordered_map<uint64_t, size_t> reader_at_;   // by hash
  std::unordered_set<uint64_t> pairs_;
  std::unordered_map<uint64_t, uint32_t> combinations_;  // how often each was seen
  uint64_t learnt_ = 0;                                  // the sum of these
  std::vector<Seed> seeds_ = {Seed{}};
  size_t at_ = 0;        // the seed being mutated
  uint32_t energy_ = 0;  // so many times more
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_RFF_H_
