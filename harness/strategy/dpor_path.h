// The execution that dynamic partial-order reduction stands on: its steps, the happens-before order
// between them, and the races in it.
//
// A step happens before a later one when it comes before it in the same thread, created its thread,
// or touched an object in a way that conflicts (model/dependence.h), and transitively. A step whose
// place in the order matters by itself (StepEffects) happens after all that come before it and
// before all that come after; and where time has moved, which it does only when nobody can run, all
// that was before comes before all that is after.
//
// Two steps race when the later one might have come first: they conflict, and nothing else orders
// them. For operations that never block, these are the conflicting steps without a third between
// them in the order (Abdulla, Aronis, Jonsson, Sagonas, "Source Sets", J. ACM 64(4), 2017). The
// acquire of a mutex races with the acquire before it, not with the release between (ibid.,
// section 7). For other operations that may block, whatever they conflict with is a race, unless
// the program orders it: more than needed, but what blocks what is not known here.
//
// Clocks are kept by position: a step's clock says for each thread how far into the execution what
// happens before the step reaches. Cost of adding a step: O(threads) for its clock and for each
// step that it conflicts with.
#ifndef HEDDLE_HARNESS_STRATEGY_DPOR_PATH_H_
#define HEDDLE_HARNESS_STRATEGY_DPOR_PATH_H_

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "harness/core/bytes.h"
#include "harness/strategy/step_trace.h"
#include "harness/strategy/strategy.h"

namespace heddle {

// A step as others see it.
struct SequenceStep {
  uint32_t thread = 0;
  bool order_matters = false;  // it depends on every other
  std::span<const Access> accesses;
  std::span<const Decision> values;
  bool values_are_free = false;  // it may choose others
};

class DporPath {
 public:
  struct Step {
    Decision pick;
    uint32_t thread = 0;  // its name
    uint8_t effects = 0;
    Range accesses;
    Range values;
    Range enabled;
    uint32_t previous = kNone;  // the step before it in its thread
    uint32_t barriers = 0;      // before it
  };
  static constexpr uint32_t kNone = 0xffffffff;

  uint32_t size() const { return static_cast<uint32_t>(steps_.size()); }
  const Step& operator[](uint32_t i) const { return steps_[i]; }
  std::span<const Access> AccessesOf(uint32_t i) const {
    return Slice(accesses_, steps_[i].accesses);
  }
  std::span<const Decision> ValuesOf(uint32_t i) const { return Slice(values_, steps_[i].values); }
  // As a bit set of names: who could have been picked in place of step i.
  std::span<const uint64_t> EnabledAt(uint32_t i) const {
    return Slice(enabled_, steps_[i].enabled);
  }
  SequenceStep StepAt(uint32_t i) const {
    return {steps_[i].thread, (steps_[i].effects & kOrderMatters) != 0, AccessesOf(i), ValuesOf(i),
            false};
  }
  // Names that it knows, at least those that it has steps of.
  uint32_t threads() const { return static_cast<uint32_t>(births_.size()); }
  bool IsEnabledAt(uint32_t i, uint32_t thread) const;
  // The last step of the thread, kNone if it has none.
  uint32_t LastOf(uint32_t thread) const {
    return thread < last_of_.size() ? last_of_[thread] : kNone;
  }
  // The step that created the thread, kNone for the main thread.
  uint32_t BirthOf(uint32_t thread) const {
    return thread < births_.size() ? births_[thread] : kNone;
  }
  // i < k.
  bool HappensBefore(uint32_t i, uint32_t k) const { return ClockOf(k)[steps_[i].thread] > i; }

  // Step i and one of the thread with these accesses depend on each other.
  bool DependsOn(uint32_t i, uint32_t thread, std::span<const Access> accesses) const {
    const Step& step = steps_[i];
    return step.thread == thread || (step.effects & kOrderMatters) != 0 ||
           Conflict(AccessesOf(i), accesses);
  }
  // The thread's first step after step i, kNone if there is none.
  uint32_t NextOf(uint32_t thread, uint32_t i) const;
  // Nothing after step i happens before the later step k, nor does i.
  bool IsInitialAfter(uint32_t i, uint32_t k) const;

  // The outermost acquires of the mutex by other threads that step `previous` of the thread (kNone:
  // its first is to come) does not come after, latest first. False: it has been used otherwise.
  bool FindAcquires(uint64_t mutex, uint32_t thread, uint32_t previous,
                    std::vector<uint32_t>* acquires);

  // Forgets the steps from `size` on.
  void Truncate(uint32_t size);
  // Forgets the last step's values but for the first `count`.
  void TruncateValues(uint32_t count);
  // Adds a step of `trace`. `*races` gets the steps that it races with.
  void Add(const TracedStep& step, const StepTrace& trace, std::vector<uint32_t>* races);
  void AddBirth(uint32_t thread, uint32_t step);
  // dpor_bytes.cc; Restore into a new one. False: it is no path.
  void Save(ByteWriter* writer) const;
  bool Restore(class DporReader* reader);
  // The races of a step that would come next but is blocked.
  void FindRaces(uint32_t thread, std::span<const Access> accesses, std::vector<uint32_t>* races);

 private:
  struct Entry {
    uint32_t position;
    OpKind kind;
    bool may_wait;
    Footprint footprint;
  };
  using History = std::vector<Entry>;  // the accesses to an object

  const uint32_t* ClockOf(uint32_t i) const { return clocks_.data() + size_t{i} * stride_; }
  uint32_t HistoryOf(uint64_t object);  // its index
  void MakeRoomFor(uint32_t thread);
  void StartClock(uint32_t thread);
  bool IsBefore(uint32_t i, const uint32_t* clock) const { return clock[steps_[i].thread] > i; }
  void Join(uint32_t i) { Join(ClockOf(i)); }
  void Join(const uint32_t* other);
  void AddBarrier(const Step& step, uint32_t position);
  bool IsNested(const History& history, size_t acquire) const;
  void Meet(const Access& access, const History& history, uint32_t thread,
            std::vector<uint32_t>* races);
  void MeetEverything(uint32_t thread, std::vector<uint32_t>* races);

  std::vector<Step> steps_;
  std::vector<Access> accesses_;
  std::vector<uint32_t> history_of_;  // by access
  std::vector<Decision> values_;
  std::vector<uint64_t> enabled_;
  std::vector<uint32_t> births_;   // by thread
  std::vector<uint32_t> last_of_;  // by thread: its last step
  std::vector<uint32_t> clocks_;   // of each step, `stride_` apart; it only grows
  // After what all later steps come.
  struct Barrier {
    uint32_t position;  // of the step that it is or follows
    bool is_step;       // else time has moved there
    std::vector<uint32_t> clock;
  };
  std::vector<Barrier> barriers_;
  static constexpr uint32_t kBlock = 8;  // compilers make one or two instructions of so many
  uint32_t stride_ = 0;                  // a multiple of it
  // Of the step that is being added, and what of it the order of its thread alone gives.
  std::vector<uint32_t> clock_;
  const uint32_t* own_clock_ = nullptr;  // set by StartClock; in clocks_ or beginning_
  std::vector<uint32_t> beginning_;      // nothing happens before
  absl::flat_hash_map<uint64_t, uint32_t> objects_;  // in histories_
  // Where the same is looked for first.
  struct Known {
    uint64_t object = 0;
    uint32_t history = kNone;
  };
  static constexpr int kKnownBits = 6;
  std::array<Known, 1 << kKnownBits> known_;
  std::vector<History> histories_;
  std::vector<uint32_t> looked_up_;  // histories of the accesses of that step
  std::vector<uint32_t> scratch_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_DPOR_PATH_H_
