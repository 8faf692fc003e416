// Tasks that wait for tasks of their own pool, until all workers wait.
//
// Each task splits off a part, submits it to the pool that it runs in and waits for the result. As
// long as one worker is left over the parts get done; when as many tasks as there are workers wait
// at the same time, all parts stay in the queue. "Java Concurrency in Practice" calls it thread
// starvation deadlock (8.1.1). It appears under load only, and no lock is involved.
//
// The twin gives the parts a pool of their own, whose tasks wait for nobody.
#include "harness/explore/case.h"
#include "primitives/future.h"
#include "primitives/thread_pool.h"

namespace {

using heddle::Future;
using heddle::ThreadPool;

void RunTwoTasks(ThreadPool& tasks, ThreadPool& parts) {
  const auto task = [&parts] { parts.submit([] {}).get(); };
  Future<void> first = tasks.submit(task);
  Future<void> second = tasks.submit(task);
  first.get();
  second.get();
}

void OnePool() {
  ThreadPool pool(2, "pool");
  RunTwoTasks(pool, pool);
}

void PoolForParts() {
  ThreadPool pool(2, "pool");
  ThreadPool part_pool(1, "parts");
  ThreadPool* parts = &pool;
  parts = &part_pool;  // fix
  RunTwoTasks(pool, *parts);
}

const heddle::RegisterCase kBug{{.name = "deadlock/pool_waits_for_itself",
                                 .body = OnePool,
                                 .expect = {heddle::FindingKind::kStuck},
                                 .about = "two workers wait for tasks that only they could run"}};
const heddle::RegisterCase kFixed{{.name = "deadlock/pool_waits_for_itself_fixed",
                                   .body = PoolForParts,
                                   .about = "the parts have a pool of their own"}};

}  // namespace
