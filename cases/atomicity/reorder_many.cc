// Two halves of one state, written one after the other by many threads and read by one: a reader
// that comes between the halves of the first writer sees a state that nobody meant. Any other
// writer that runs hides it, by completing the state.
//
// Where: a flag and what it speaks of, a pointer and its length, a version and its data: wherever
// two fields are meant to change together. The shape is that of reorder_100 in SCTBench (Thomson,
// Donaldson and Betts, "Concurrency Testing Using Schedule Bounding", PPoPP 2014): 99 writers, each
// of whom is to be held up for as long as the reader looks. They are symmetric: without preemptions
// there are 101 schedules, by where the reader comes, and not 100 factorial. The same with three
// writers is small enough for searches of all schedules.
//
// In the twins writers and reader hold a lock.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/symmetric_threads.h"
#include "primitives/thread.h"

namespace {

constexpr int kMany = 99;
constexpr int kFew = 3;

class State {
 public:
  void Set() {
    left_.store(1);
    right_.store(-1);
  }
  void Check() {
    const bool untouched = left_.load() == 0 && right_.load() == 0;
    heddle::Assert(untouched || (left_.load() == 1 && right_.load() == -1),
                   "both halves are set, or neither");
  }

  void SetFixed() {
    const std::lock_guard lock(mutex_);  // fix
    Set();
  }
  void CheckFixed() {
    const std::lock_guard lock(mutex_);  // fix
    Check();
  }

 private:
  heddle::Atomic<int> left_{0, "left"};
  heddle::Atomic<int> right_{0, "right"};
  heddle::Mutex mutex_{"whole"};
};

template <int kSetters, void (State::*kSet)(), void (State::*kCheck)()>
void SettersAndAChecker() {
  State state;
  heddle::SymmetricThreads setters(kSetters, [&] { (state.*kSet)(); });
  heddle::Thread checker([&] { (state.*kCheck)(); });
  setters.join();
  checker.join();
}

const heddle::RegisterCase kBug{{
    .name = "atomicity/reorder_many",
    .body = SettersAndAChecker<kMany, &State::Set, &State::Check>,
    .expect = {heddle::FindingKind::kAssertion},
    .preemptions = 1,
    .about = "99 threads set two halves of a state; one looks in between",
}};
const heddle::RegisterCase kTwin{{
    .name = "atomicity/reorder_many_fixed",
    .body = SettersAndAChecker<kMany, &State::SetFixed, &State::CheckFixed>,
    .about = "a lock is held over both halves",
}};
const heddle::RegisterCase kFewBug{{
    .name = "atomicity/reorder_few",
    .body = SettersAndAChecker<kFew, &State::Set, &State::Check>,
    .expect = {heddle::FindingKind::kAssertion},
    .preemptions = 1,
    .about = "three threads set two halves of a state; one looks in between",
}};
const heddle::RegisterCase kFewTwin{{
    .name = "atomicity/reorder_few_fixed",
    .body = SettersAndAChecker<kFew, &State::SetFixed, &State::CheckFixed>,
    .about = "a lock is held over both halves",
}};

}  // namespace
