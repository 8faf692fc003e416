// heddle::WorkStealingPool: a pool of threads with a queue each, that take from each other's when
// their own is empty.
//
// A task that is submitted by a task goes to the end of that worker's queue, and the worker goes on
// with the newest (its data is warm); a task from outside goes to the workers in turn. A worker
// without tasks takes the oldest of another's queue, the next one's first. So tasks run in no
// particular order. Otherwise as ThreadPool: submit synchronises with the beginning of the call,
// its end with a wait for its Future; shutdown drains, and a submit from outside after it is
// misuse. A task that waits for another keeps its worker: waiting does not help. Cost: submit takes
// a queue's mutex and releases a semaphore; two allocations a task.
#ifndef HEDDLE_PRIMITIVES_WORK_STEALING_POOL_H_
#define HEDDLE_PRIMITIVES_WORK_STEALING_POOL_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "primitives/internal/misuse.h"
#include "primitives/internal/monitor.h"
#include "primitives/internal/task.h"
#include "primitives/mutex.h"
#include "primitives/semaphore.h"
#include "primitives/thread.h"

namespace heddle {

class WorkStealingPool {
 public:
  // At least one thread.
  explicit WorkStealingPool(size_t threads, const char* name = "work stealing pool")
      : monitor_(name), queues_(threads > 0 ? threads : 1) {
    workers_.reserve(queues_.size());
    for (size_t i = 0; i < queues_.size(); ++i) workers_.emplace_back([this, i] { Work(i); });
  }
  ~WorkStealingPool() { shutdown(); }
  WorkStealingPool(const WorkStealingPool&) = delete;
  WorkStealingPool& operator=(const WorkStealingPool&) = delete;

  template <typename Function, typename... Arguments>
  Future<internal::TaskResult<Function, Arguments...>> submit(Function&& function,
                                                              Arguments&&... arguments) {
    auto task =
        internal::MakeTask(std::forward<Function>(function), std::forward<Arguments>(arguments)...);
    auto future = task->GetFuture();
    if (here_.pool == this) {
      Put(here_.worker, std::move(task));
      return future;
    }
    {
      std::unique_lock<Mutex> lock(monitor_);
      if (!stopping_) {
        Put(next_++ % queues_.size(), std::move(task));
        return future;
      }
    }
    internal::Misuse("submit to a WorkStealingPool that has been shut down");
    return internal::RejectedFuture<internal::TaskResult<Function, Arguments...>>();
  }

  void shutdown() {
    {
      std::unique_lock<Mutex> lock(monitor_);
      if (!std::exchange(stopping_, true)) {
        permits_.release(static_cast<std::ptrdiff_t>(queues_.size()));
      }
    }
    // Whoever comes second waits, too.
    std::unique_lock joining(joining_);
    for (Thread& worker : workers_) {
      if (worker.joinable()) worker.join();
    }
  }

  size_t size() const { return queues_.size(); }

 private:
  using TaskPointer = std::unique_ptr<internal::Task>;
  struct Queue {
    Mutex mutex{"work stealing queue"};
    std::deque<TaskPointer> tasks;  // guarded by mutex
  };

  void Put(size_t queue, TaskPointer task) {
    {
      std::unique_lock lock(queues_[queue].mutex);
      queues_[queue].tasks.push_back(std::move(task));
    }
    permits_.release();
  }

  TaskPointer Take(size_t queue, bool newest) {
    std::unique_lock lock(queues_[queue].mutex);
    std::deque<TaskPointer>& tasks = queues_[queue].tasks;
    TaskPointer task;
    if (tasks.empty()) return task;
    TaskPointer& taken = newest ? tasks.back() : tasks.front();
    task = std::move(taken);
    newest ? tasks.pop_back() : tasks.pop_front();
    return task;
  }

  // A round over the queues, the worker's own first. It can miss a task that is put behind it.
  TaskPointer Find(size_t self) {
    TaskPointer task = Take(self, true);
    for (size_t i = 1; task == nullptr && i < queues_.size(); ++i) {
      task = Take((self + i) % queues_.size(), false);
    }
    return task;
  }

  // There is a permit for each task, put after it, and one for the end of each worker. Whoever has
  // a permit and finds no task lets others go first and looks again, unless the pool was stopping
  // when it began to look: then it may end, for its permit pays for that, and the permits of tasks
  // that it has missed remain for the workers that are left. The last of these misses none, because
  // nobody puts any while it looks.
  void Work(size_t self) {
    here_ = Here{this, self};
    for (;;) {
      permits_.acquire();
      TaskPointer task = Find(self);
      while (task == nullptr) {
        const bool stopping = IsStopping();
        task = Find(self);
        if (task != nullptr) break;
        if (stopping) return;
        Yield();
      }
      monitor_.Annotate(Annotation::kTaskBegin);
      task->Run();
      monitor_.Annotate(Annotation::kTaskEnd);
    }
  }

  bool IsStopping() {
    std::unique_lock<Mutex> lock(monitor_);
    return stopping_;
  }

  // Whose worker the calling thread is.
  struct Here {
    const WorkStealingPool* pool;
    size_t worker;
  };
  static inline constinit thread_local Here here_{nullptr, 0};

  internal::MonitorMutex monitor_;
  // Guarded by monitor_.
  size_t next_ = 0;
  bool stopping_ = false;

  std::vector<Queue> queues_;
  Semaphore permits_{0};
  Mutex joining_{"work stealing pool shutdown"};
  std::vector<Thread> workers_;  // changed by the constructor only; joined with joining_ held
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_WORK_STEALING_POOL_H_
