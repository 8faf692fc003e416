// heddle::SymmetricThreads: many threads that run the same function, as a program has them that
// starts one per core. A search need not try in which order they begin.
//
// Contract: nothing tells the threads apart but what the schedule does to them. They run one
// function object, which is called without arguments and which they share; it must not ask which
// thread it runs on (this_thread::get_id), except to compare that with itself. What they draw from
// a shared counter is part of the schedule, and may differ. They are joined together, and whoever
// joins them does nothing in between.
//
// What it is for: with n such threads, one in n! of the schedules that differ only in their names
// is explored by --strategy=preemption-bounding, and so by the proof that a finding needs its
// preemptions. Other strategies take them as they take other threads. The idea is that of symmetry
// reduction by declared scalar sets (Ip and Dill, "Better Verification Through Symmetry", 1993), as
// in GenMC's symmetric spawns. Without a harness these are std::threads.
// Cost: that of the threads.
#ifndef HEDDLE_PRIMITIVES_SYMMETRIC_THREADS_H_
#define HEDDLE_PRIMITIVES_SYMMETRIC_THREADS_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "harness/runtime/runtime.h"
#include "primitives/internal/door.h"
#include "primitives/thread.h"

namespace heddle {

template <typename Function>
class SymmetricThreads {
 public:
  HEDDLE_DOOR SymmetricThreads(size_t count, Function function) : function_(std::move(function)) {
    threads_.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      Thread& thread = threads_.emplace_back([this] { function_(); });
      if (Runtime* runtime = Runtime::Current()) {
        runtime->DeclareSymmetric(thread.thread_, threads_.front().thread_);
      }
    }
  }
  SymmetricThreads(const SymmetricThreads&) = delete;
  SymmetricThreads& operator=(const SymmetricThreads&) = delete;

  size_t size() const { return threads_.size(); }

  // All of them. The last first: it has most often begun last, so that there is little to choose
  // before all have ended.
  HEDDLE_DOOR void join() {
    for (size_t i = threads_.size(); i-- > 0;) threads_[i].join();
  }

 private:
  Function function_;
  std::vector<Thread> threads_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_SYMMETRIC_THREADS_H_
