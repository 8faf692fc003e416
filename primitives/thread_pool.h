// heddle::ThreadPool: a fixed number of threads that run submitted calls in order of submission.
//
// submit synchronises with the beginning of the call, its end with a wait for its Future (which
// also hands over its result or exception). Waiting in a task for another task of the same pool
// takes a worker away and deadlocks when none is left: that is the pool's nature, and a finding.
//
// shutdown lets the workers finish everything that was submitted, tasks that those tasks submit
// included, and joins them; it may be called again. Its return happens after every task. The
// destructor shuts down. A submit by anybody but the pool's own tasks after shutdown has begun is
// misuse: a finding under control; the call is not made, and its Future's get throws
// std::runtime_error.
// Cost: submit takes the pool's mutex and notifies; two allocations a task.
#ifndef HEDDLE_PRIMITIVES_THREAD_POOL_H_
#define HEDDLE_PRIMITIVES_THREAD_POOL_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "primitives/condition_variable.h"
#include "primitives/internal/misuse.h"
#include "primitives/internal/monitor.h"
#include "primitives/internal/task.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"

namespace heddle {

class ThreadPool {
 public:
  // At least one thread.
  explicit ThreadPool(size_t threads, const char* name = "thread pool") : monitor_(name) {
    workers_.reserve(threads > 0 ? threads : 1);
    do {
      workers_.emplace_back([this] { Work(); });
    } while (workers_.size() < threads);
  }
  ~ThreadPool() { shutdown(); }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  template <typename Function, typename... Arguments>
  Future<internal::TaskResult<Function, Arguments...>> submit(Function&& function,
                                                              Arguments&&... arguments) {
    auto task =
        internal::MakeTask(std::forward<Function>(function), std::forward<Arguments>(arguments)...);
    auto future = task->GetFuture();
    {
      std::unique_lock<Mutex> lock(monitor_);
      if (!stopping_ || running_in_ == this) {
        tasks_.push_back(std::move(task));
        work_.notify_one();
        return future;
      }
    }
    internal::Misuse("submit to a ThreadPool that has been shut down");
    return internal::RejectedFuture<internal::TaskResult<Function, Arguments...>>();
  }

  void shutdown() {
    {
      std::unique_lock<Mutex> lock(monitor_);
      stopping_ = true;
      work_.notify_all();
    }
    // Whoever comes second waits, too.
    std::unique_lock joining(joining_);
    for (Thread& worker : workers_) {
      if (worker.joinable()) worker.join();
    }
  }

  size_t size() const { return workers_.size(); }

 private:
  void Work() {
    running_in_ = this;
    for (;;) {
      std::unique_ptr<internal::Task> task;
      {
        std::unique_lock<Mutex> lock(monitor_);
        work_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
        if (tasks_.empty()) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      monitor_.Annotate(Annotation::kTaskBegin);
      task->Run();
      monitor_.Annotate(Annotation::kTaskEnd);
    }
  }

  // The pool whose worker the calling thread is.
  static inline constinit thread_local const ThreadPool* running_in_ = nullptr;

  internal::MonitorMutex monitor_;
  CondVar work_{"thread pool work"};
  // Guarded by monitor_.
  std::deque<std::unique_ptr<internal::Task>> tasks_;
  bool stopping_ = false;

  Mutex joining_{"thread pool shutdown"};
  std::vector<Thread> workers_;  // changed by the constructor only; joined with joining_ held
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_THREAD_POOL_H_
