// A race between a stop request and the registration of a callback for it: whoever registers asks
// whether the stop has been requested, and if not adds the callback. If the request comes in
// between, it sees no callback to run, and the callback is never run: whatever it should have woken
// sleeps on.
//
// Where: cancellation in every form: signals against select() (which is why pselect() exists),
// hand-written cancellation tokens. std::stop_callback's constructor is specified to make both
// steps one.
//
// The twin holds the lock across the question and the registration.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

// A stop state for one callback, which counts how often it has been run.
class StopState {
 public:
  void RequestStop() {
    bool run = false;
    {
      const std::lock_guard lock(mutex_);
      requested_ = true;
      run = registered_;
    }
    if (run) RunCallback();
  }

  void Register() {
    if (StopRequested()) {
      RunCallback();
    } else {
      Add();
    }
  }

  void RegisterFixed() {
    const std::lock_guard lock(mutex_);  // fix
    if (StopRequested()) {
      RunCallback();
    } else {
      Add();
    }
  }

  int runs() {
    const std::lock_guard lock(mutex_);
    return runs_;
  }

 private:
  bool StopRequested() {
    const std::lock_guard lock(mutex_);
    return requested_;
  }
  void Add() {
    const std::lock_guard lock(mutex_);
    registered_ = true;
  }
  void RunCallback() {
    const std::lock_guard lock(mutex_);
    ++runs_;
  }

  heddle::RecursiveMutex mutex_{"stop state"};
  heddle::Var<bool> requested_ = false;
  heddle::Var<bool> registered_ = false;
  heddle::Var<int> runs_ = 0;
};

void StopCallback() {
  StopState stop;
  heddle::Thread worker([&] { stop.Register(); });
  stop.RequestStop();
  worker.join();
  heddle::Assert(stop.runs() == 1, "the callback is run once");
}

void StopCallbackFixed() {
  StopState stop;
  heddle::Thread worker([&] { stop.RegisterFixed(); });
  stop.RequestStop();
  worker.join();
  heddle::Assert(stop.runs() == 1, "the callback is run once");
}

const heddle::RegisterCase kBug{{
    .name = "atomicity/stop_callback",
    .body = StopCallback,
    .expect = {heddle::FindingKind::kAssertion},
    .preemptions = 2,
    .about = "a stop is requested while a callback for it is registered",
}};
const heddle::RegisterCase kTwin{{
    .name = "atomicity/stop_callback_fixed",
    .body = StopCallbackFixed,
    .about = "question and registration are one step",
}};

}  // namespace
