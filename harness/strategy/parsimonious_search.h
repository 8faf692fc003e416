// Optimal partial-order reduction whose parts have nothing to tell each other.
//
// After Abdulla, Atig, Das, Jonsson, Sagonas, "Parsimonious Optimal Dynamic Partial Order
// Reduction" (CAV 2024), and, for what makes each execution come from one other, Kokologiannakis,
// Marmanis, Gladstein, Vafeiadis, "Truly Stateless, Optimal Dynamic Partial Order Reduction"
// (POPL 2022). No wakeup trees, and no sleep sets: whether a race is to be reversed is told by the
// execution that it is seen in.
//
// Of all executions that go on from a point, those in which the next step of thread t, `first`, may
// come first are explored below it, as the decider makes them. In any other a step that conflicts
// with `first` comes before t's next. Of those that no such step comes before, one counts: a plain
// load before other steps, then the thread that comes first in the tree of spawns. It and what
// happens before it are moved to the point, and then t goes on. So the executions are divided by
// this step and what happens before it, and it is left to find each of these pairs just once.
// - It is found as a race of `first` and a later step of an execution in which `first` does come
//   first. In all of them that have what happens before the later step there is the same race; the
//   one that counts departs from what the decider does, between the two, only for what happens
//   before the later one. (Where the others depart elsewhere they are not asked.)
// - A step that has been moved is never the first of a race: what would come before it is not of
//   this part.
// - Between a point and the return of t its step may be reversed again; what is moved before it
//   then must not be what would have counted above.
// - The acquire of a mutex is known while it waits: from when on both it and the acquire that it
//   races with were there.
//
// A thread that waits in a loop is put off (parsimonious_put_off.cc) until a step changes what the
// loop looks at: before that, its next step cannot come.
//
// A step that fails ends the execution, and what others would have done is not seen. So its thread
// is put off, too: it is taken to wait until a step conflicts with that one; where nobody else can
// go on, it fails again. All that ends without a failure is explored, and each failure where it is
// first met. The races of the step are those of the execution in which it was met. Where it was
// moved, to fail there, nothing is left.
// - A step that fails with some values only does not put its thread off: the first values with
//   which it does not are taken for the smallest ones.
// - What waits for a mutex when a step fails is known, as above.
//
// Where this holds. Steps touch memory, atomics, mutexes that they lock and unlock, and threads;
// nothing else blocks, and yields are advice. Other programs need more, and are told so
// (strategy/dpor_part.h).
//
// What a step would access elsewhere is known: it follows from what its thread has done before;
// whether a comparison succeeds, and a read-modify-write changes anything, from what the steps that
// come before it there have left. But not, after a fence, whether one that stores what was there
// tells others anything: that is known only when it has been made. Where it does not, the execution
// may turn out to be known; it is counted as redundant.
//
// Threading: one. Memory: a path for each reversal that the current one is made below. Cost:
// O(new steps * threads) per execution.
#ifndef HEDDLE_HARNESS_STRATEGY_PARSIMONIOUS_SEARCH_H_
#define HEDDLE_HARNESS_STRATEGY_PARSIMONIOUS_SEARCH_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/strategy/dpor_path.h"
#include "harness/strategy/strategy.h"

namespace heddle {

class ParsimoniousSearch {
 public:
  // The next execution; false: nothing is left.
  bool Next(Plan* plan);
  enum class Learnt : uint8_t {
    kNew,
    kRedundant,  // equivalent to another
    kBeyond,     // it has done what this search cannot reverse, and so proves nothing
  };
  Learnt Learn(const Plan& plan, const ExecutionRecord& record);

  bool started() const { return started_; }
  // parsimonious_parts.cc.
  bool IsLeft() const;
  // There is more than one branch.
  bool IsDivisible() const;
  // Of the whole tree, what is left here. Siblings are taken to be alike.
  double ShareLeft() const;
  // Takes what would be explored last away, as a search of its own. It IsDivisible.
  ParsimoniousSearch TakeLast();

  // When it has started; Restore into a new one. False: it is no such search.
  std::string ToBytes() const;
  bool Restore(std::string_view bytes);

 private:
  enum class Place : uint8_t {
    kFree,   // as the decider chose
    kMoved,  // before a step that conflicts with a later one, which is the
    kEnd,
  };
  // What is known of a step of the path beside what it did.
  struct Mark {
    Place place = Place::kFree;
    bool is_valued = false;  // not the smallest values were chosen
    // The last step up to it that is an end or valued.
    uint32_t departure = DporPath::kNone;
    // Of an end: the step before which all was moved, whose thread is to go on.
    uint32_t begin = 0;
    uint32_t thread = 0;
    Range reversed;     // what that accessed
    Range usual;  // what a valued step would have accessed; an end, where it came too late
  };
  // What is to be made instead of what comes after `at` steps.
  struct Branch {
    enum class Kind : uint8_t {
      kReversal,  // `steps`, the last of which has come too late so far; then `thread` goes on
      kValues,    // the step there with other values, those of the only one of `steps`
      kInstead,   // the same, and that step has failed with all that come before them
      kPutOff,    // what others do: that step has failed with all values
    };
    Kind kind = Kind::kReversal;
    uint32_t at = 0;
    Range steps;
    Range known;  // of a reversal: what the last one accesses where it comes too late
    uint32_t thread = 0;
  };
  // A thread whose next step fails, and so is put off until a step conflicts with it; or that waits
  // in a loop for a step that changes what it looks at.
  struct PutOff {
    bool At(uint32_t point) const { return from <= point && (until == kNever || until >= point); }

    static constexpr uint32_t kNever = StepTrace::kAsleep;
    bool waits = false;
    uint32_t thread = 0;
    uint32_t from = 0;        // a point
    uint32_t until = kNever;  // a step
    std::vector<Access> accesses;
  };
  // An execution, with what is left to explore below it.
  struct Frame {
    void Clear();
    void Save(ByteWriter* writer) const;
    bool Restore(ByteReader* reader, size_t threads);
    // False: it refers to what it does not have.
    bool IsWhole(size_t threads) const;

    uint32_t base = 0;     // it is the one below up to there
    uint32_t in_path = 0;  // the path still is this execution up to there
    StepTrace trace;       // from `base` on, as far as a branch needs it
    std::vector<Mark> marks;
    std::vector<Access> marked;    // what marks refer to
    std::vector<Access> known;     // what branches refer to
    std::vector<Branch> branches;  // the last one is explored first
    std::vector<PlannedStep> steps;
    std::vector<Decision> values;
    std::vector<PutOff> put_off;
    double share = 0;  // of a branch
  };
  // A step that has come too late.
  struct Late {
    uint32_t thread;
    uint32_t known;  // it, or the last step of its thread before it
    bool is_known;   // it is `known` itself, not the acquire that comes after that
    uint32_t until;  // what was made up to there, it has come too late for
    std::span<const Access> accesses;
    const Rewrite* rewrite;        // that it is; null: none
  };

  bool IsWithin(const ExecutionRecord& record) const;
  void RestorePath(size_t frame, uint32_t size);
  void PlanSteps(const Frame& frame, StepPlan* plan);
  size_t FrameOf(size_t frame, uint32_t position) const;
  bool HasSteps(size_t frame) const;
  void AddSaved(const Frame& frame, uint32_t position);
  Mark& AddMark();
  bool IsFree(uint32_t position) const {
    return marks_[position].place == Place::kFree && !marks_[position].is_valued;
  }
  void AddMark(const Mark& as, std::span<const Access> reversed, std::span<const Access> usual);
  void TruncateTo(uint32_t size);
  bool IsPlanned(const Plan& plan, const StepTrace& trace, uint32_t i, bool is_last) const;
  void MarkNew(uint32_t i, uint32_t moved);
  bool IsRedundant() const;
  void Reverse(uint32_t position, const Rewrite* rewrite);
  void ReverseBlocked(uint32_t thread, std::span<const Access> accesses, bool fails);
  void ReverseAcquire(uint32_t thread, std::span<const Access> accesses, uint32_t previous,
                      uint32_t end);
  void ReverseOne(uint32_t first, const Late& late);
  bool HappensBefore(uint32_t i, const Late& late) const;
  bool CountsAbove(uint32_t first, const Late& late);
  bool PredictLate(uint32_t first, const Late& late);
  bool IsUnchanged(uint32_t first, const Late& late) const;
  bool HasFence(const Late& late) const;
  bool FindValueBefore(uint32_t first, const Late& late, uint64_t* value) const;
  bool CountsAfter(uint32_t end, uint32_t first, const Late& late) const;
  bool CountsBefore(uint32_t thread, bool loads, uint32_t end) const;
  bool ComesBefore(uint32_t thread, uint32_t other) const;
  void VaryValues(uint32_t position, uint32_t given);
  // parsimonious_put_off.cc.
  void PlanPutOff(const Frame& frame, std::span<const Access> made, StepPlan* plan);
  bool IsPutOff(uint32_t thread, uint32_t point) const;
  bool CannotComeBefore(uint32_t first, const Late& late) const;
  void KeepWaiting(uint32_t position);
  void ReverseInstead(uint32_t position, bool fails);
  void GoOnWithout(const TracedStep& failing, const StepTrace& trace);
  bool PlanInstead(uint32_t position);
  bool SomeoneElseIsLeft(const TracedStep& failing, const StepTrace& trace) const;

  Branch* AddBranch(uint32_t at, Branch::Kind kind);
  void PlanStep(Branch* branch, uint32_t thread, std::span<const Decision> values);
  void KeepFrame(const StepTrace& trace);

  bool started_ = false;
  std::vector<ThreadPlace> places_ = {ThreadPlace{}};  // of the threads, by name
  DporPath path_;
  std::vector<Mark> marks_;  // as long as the path
  std::vector<Access> marked_;
  std::vector<Frame> frames_;  // those from depth_ on are spare
  size_t depth_ = 0;
  // The execution that is out.
  Branch out_;
  Mark out_mark_;  // of the step that it varies
  std::vector<Access> reversed_;
  std::vector<Access> usual_;
  std::vector<Access> known_;
  std::vector<PutOff> put_off_;
  double share_ = 1;
  std::span<const uint64_t> seen_;  // StepTrace::seen
  std::vector<Access> predicted_;   // of the late step, where it is to be moved
  uint32_t new_from_ = 0;  // who comes too late for earlier steps has been told
  bool beyond_ = false;
  std::vector<uint32_t> racing_;
  std::vector<uint32_t> acquires_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_PARSIMONIOUS_SEARCH_H_
