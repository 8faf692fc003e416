// A Finding: one bug, as data. Text, JSON and every other format render the same Finding.
//
// Two forms. A Suspicion is what the engine and the detectors raise while an execution runs: cheap,
// in terms of events and objects. When the same schedule has been replayed with full recording, the
// report builder turns the suspicion into a Finding: names, stacks, sentences.
#ifndef HEDDLE_HARNESS_CORE_FINDING_H_
#define HEDDLE_HARNESS_CORE_FINDING_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/event.h"
#include "harness/core/ids.h"

namespace heddle {

enum class FindingKind : uint8_t {
  kDataRace,
  kDeadlock,
  kStuck,
  kLockOrder,
  kAtomicity,
  kAssertion,
  kInvariant,
  kNotLinearizable,
  kException,
  kCrash,
  kTimeout,
  kLivelock,
  kMisuse,
  kPoolMisuse,
  kUseAfterFree,
  kDoubleFree,
  kLeak,
  kThreadLeak,
  kNondeterminism,
};
inline constexpr int kFindingKinds = 19;

// The name in the command-line contract: "data-race", "deadlock", ...
std::string_view NameOf(FindingKind kind);
std::optional<FindingKind> FindingKindFromName(std::string_view name);

// One place in the execution that takes part in a suspicion. Named by `seq` when it is known;
// otherwise it is the last event of `thread` on `object` whose kind is in `kinds` and whose time in
// the thread's own clock is `time`.
struct Witness {
  std::string role;                // "write", "lock taken", ... ; begins a line of the report
  ThreadId thread = kNoThread;
  EventSeq seq = 0;
  ObjectId object = kNoObject;
  uint32_t time = 0;
  EventMask kinds;
  uintptr_t pc = 0;                // a place known by nothing else (an allocation): overrides seq
  std::vector<uintptr_t> stack = {};  // a place known by its stack: overrides seq and pc
};

struct Suspicion {
  FindingKind kind = FindingKind::kCrash;
  std::string message;             // detail in words; may be empty where the kind says it all
  ObjectId object = kNoObject;     // the object it is about, if one
  std::vector<Witness> witnesses;  // for races: the later access first
  std::vector<ThreadId> cycle;     // for deadlocks: each waits for the next, the last for the first
  // Equal for suspicions that are the same bug seen again within one campaign of one process, so
  // that only the first is replayed. Schedule-independent as far as can be had cheaply.
  uint64_t key = 0;
};

class SuspicionSink {
 public:
  virtual ~SuspicionSink() = default;
  virtual void Report(Suspicion suspicion) = 0;

  // The execution is to end here, where the suspicion was raised: the program may take the process
  // with it if it goes on.
  bool ends_execution() const { return ends_execution_; }

 protected:
  void EndExecution() { ends_execution_ = true; }

 private:
  bool ends_execution_ = false;
};

struct Frame {
  std::string function;
  std::string file;
  int line = 0;
  int column = 0;
  int repeats = 0;        // equal frames that follow it and are left out
  bool operator==(const Frame&) const = default;
};

// A lock held at some moment, and where it was taken.
struct HeldLock {
  std::string object;
  std::string mode;  // "exclusive" or "shared"
  std::vector<Frame> taken_at;
};

// One side of a race, one step of a misuse ... with everything a reader needs to judge it.
struct FindingSide {
  std::string role;       // "write of 4 bytes", "lock"
  std::string thread;     // "T1"
  std::string object;
  uint64_t step = 0;      // in the interleaving; 0: not a step of it
  std::vector<Frame> stack;
  std::vector<HeldLock> held;
};

// What a thread was doing when the execution ended: for deadlocks and stuck threads.
struct FindingThread {
  std::string name;
  std::string state;      // "blocked", "finished", ...
  std::string wants;      // "lock of mutex b (held by T2)"; empty when not blocked
  std::string waits_for;  // the thread that holds it, when there is one
  std::vector<Frame> stack;
  std::vector<HeldLock> held;
  std::vector<Frame> created_at;
};

// One line of the interleaving.
struct FindingStep {
  uint64_t step = 0;
  std::string thread;
  std::string text;       // "lock a", "x = 3", "load flag -> false (acquire)"
  Frame at;
  bool matters = false;   // shown in the shortened interleaving
};

// What a name in the interleaving's values means.
struct FindingPointer {
  std::string name;       // "block 2"
  std::string meaning;    // "16 bytes, allocated by T1 at x.cc:40"
};

// How much a schedule asks of its reader; smaller is better, by the first that differs.
struct ScheduleSize {
  uint64_t preemptions = 0;  // times a thread was left for another though it could have gone on
  uint64_t switches = 0;     // times another thread went on than had run last
  uint64_t threads = 0;      // that made a step
  uint64_t decisions = 0;
  auto operator<=>(const ScheduleSize&) const = default;
};

// How the schedule was made smaller than the one that the search came upon.
struct Reduction {
  ScheduleSize before;
  bool proved = false;      // no schedule with fewer preemptions shows the finding
  uint64_t executions = 0;  // that it took
};

// An order of two steps of different threads without which the finding does not show.
struct FindingOrder {
  FindingStep first;
  FindingStep then;
};

// A call of a history that is not linearizable.
struct FindingCall {
  std::string thread;
  std::string call;    // "push(1)"
  std::string result;  // "1"; empty: it returns nothing
  uint64_t invoked = 0;   // how many calls had returned when it was made
  uint64_t returned = 0;  // it was the returned-th to return, from 1
};

struct Finding {
  FindingKind kind = FindingKind::kCrash;
  std::string fingerprint;       // 16 hexadecimal digits
  std::string summary;           // one sentence: the verdict
  std::string explanation;       // why: the missing happens-before edge, the missing signal ...
  std::string object;            // name of the object it is about; may be empty
  std::string case_name;
  bool confirmed = true;
  uint64_t first_execution = 0;
  ScheduleSize size;
  std::optional<Reduction> reduction;  // empty: the schedule is as the search found it
  std::string cause;                   // what `orders` and `choices` come to; or why there are none
  std::vector<FindingOrder> orders;    // each verified by running it kept and reversed
  std::vector<FindingStep> choices;    // at which a value was chosen; verified with all others
  std::vector<FindingSide> sides;
  std::vector<FindingThread> threads;
  std::vector<FindingCall> history;       // of not-linearizable
  std::vector<FindingStep> interleaving;
  std::vector<FindingPointer> pointers;  // of the steps that matter
  std::vector<std::string> thread_names;  // columns of the interleaving, in order of creation
  std::string schedule;          // its text form
  std::string replay;            // the command to run
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_FINDING_H_
