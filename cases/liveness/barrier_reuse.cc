// A hand-made barrier used twice: a fast thread is in the second round before a slow one left the
// first.
//
// The last to arrive sets the count back to zero, and the others wait for that zero. A thread that
// was notified but has not run yet finds that a faster one has arrived at the next round already:
// the count is one again, and it sleeps on. Both wait now, in different rounds. Downey's "Little
// Book of Semaphores" spends a chapter on the reusable barrier; POSIX and C++20 count phases inside
// theirs.
//
// The twin numbers the rounds and waits for the number to change.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/condition_variable.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

using heddle::CondVar;
using heddle::Mutex;
using heddle::Thread;
using heddle::Var;

constexpr int kThreads = 2;
constexpr int kRounds = 2;

class Barrier {
 public:
  void ArriveAndAwaitZero() {
    std::unique_lock hold(mutex_);
    if (++arrived_ == kThreads) {
      arrived_ = 0;
      all_here_.notify_all();
      return;
    }
    while (arrived_ != 0) all_here_.wait(hold);
  }

  void ArriveAndAwaitNextRound() {
    std::unique_lock hold(mutex_);
    const int round = round_;
    if (++arrived_ == kThreads) {
      arrived_ = 0;
      ++round_;  // fix
      all_here_.notify_all();
      return;
    }
    while (round_ == round) all_here_.wait(hold);
  }

 private:
  Mutex mutex_{"barrier"};
  CondVar all_here_;
  Var<int> arrived_ = 0;
  Var<int> round_ = 0;
};

template <void (Barrier::*kArrive)()>
void TwoRounds() {
  Barrier barrier;
  const auto run = [&] {
    for (int round = 0; round < kRounds; ++round) (barrier.*kArrive)();
  };
  Thread other(run);
  run();
  other.join();
}

const heddle::RegisterCase kBug{
    {.name = "liveness/barrier_reuse",
     .body = TwoRounds<&Barrier::ArriveAndAwaitZero>,
     .expect = {heddle::FindingKind::kStuck},
     .about = "a thread arrives for the next round before all have left"}};
const heddle::RegisterCase kFixed{{.name = "liveness/barrier_reuse_fixed",
                                   .body = TwoRounds<&Barrier::ArriveAndAwaitNextRound>,
                                   .about = "rounds are numbered"}};

}  // namespace
