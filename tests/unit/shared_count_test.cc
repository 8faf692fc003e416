// std::shared_ptr in programs: what its counts order is no race, and nothing else is ordered.
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>

#include "gtest/gtest.h"
#include "harness/strategy/dfs.h"
#include "harness/strategy/dpor.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/support/exploration.h"

namespace heddle {
namespace {

using testing::Exploration;

// Who destroyed what was shared in the last execution: 0 main, else the thread's number.
int destroyed_by;
thread_local int who = 0;

struct Shared {
  Var<int> value{1};
  ~Shared() { destroyed_by = who; }
};

struct Searched {
  uint64_t executions = 0;
  std::set<uint64_t> classes;
  std::set<int> last_owners;
  std::set<FindingKind> findings;
};

template <typename Searching>
Searched Search(void (*body)(), Searching&& strategy) {
  Exploration exploration;
  Searched searched;
  searched.executions = exploration.Explore(body, strategy, 10'000, [&] {
    searched.classes.insert(exploration.result().order_class);
    searched.last_owners.insert(destroyed_by);
    for (const Suspicion& suspicion : exploration.suspicions) {
      searched.findings.insert(suspicion.kind);
    }
    exploration.suspicions.clear();
  });
  EXPECT_TRUE(strategy.Progress().exhausted) << strategy.Progress().note;
  return searched;
}

// Reads, and lets go of its reference.
void Look(std::shared_ptr<Shared> shared, int number) {
  who = number;
  EXPECT_EQ(shared->value.load(), 1);
  shared.reset();
}

void TwoOwners() {
  auto shared = std::make_shared<Shared>();
  Thread first([shared]() mutable { Look(std::move(shared), 1); });
  Thread second([shared]() mutable { Look(std::move(shared), 2); });
  shared.reset();
  first.join();
  second.join();
}

// The count in a block of its own, and somebody who only observes.
void TwoOwnersAndAnObserver() {
  std::shared_ptr<Shared> shared(new Shared);
  const std::weak_ptr<Shared> observer = shared;
  Thread first([shared]() mutable { Look(std::move(shared), 1); });
  Thread second([shared]() mutable { Look(std::move(shared), 2); });
  shared.reset();
  first.join();
  second.join();
  EXPECT_TRUE(observer.expired());
}

TEST(ThreadUnsanitizedSharedCountTest, TheLastOwnerComesAfterAllOthers) {
  for (void (*body)() : {TwoOwners, TwoOwnersAndAnObserver}) {
    const Searched optimal = Search(body, Dpor(Dpor::Mode::kOptimal));
    EXPECT_EQ(optimal.executions, 6);  // the orders of three
    for (const Searched& searched :
         {Search(body, Dfs()), Search(body, Dpor(Dpor::Mode::kSource)), optimal}) {
      EXPECT_EQ(searched.classes.size(), 6);
      EXPECT_EQ(searched.last_owners, (std::set<int>{0, 1, 2}));
      EXPECT_TRUE(searched.findings.empty());
    }
  }
}

// Whoever replaces a configuration destroys the former one, unless a reader still has it.
void CopyOnWrite() {
  Mutex mutex;
  auto current = std::make_shared<Shared>();
  Thread reader([&] {
    std::shared_ptr<Shared> seen;
    {
      const std::lock_guard lock(mutex);
      seen = current;
    }
    (void)seen->value.load();
  });
  Thread writer([&] {
    auto next = std::make_shared<Shared>();
    next->value = 2;
    const std::lock_guard lock(mutex);
    current = std::move(next);
  });
  reader.join();
  writer.join();
}

TEST(SharedCountTest, CopyOnWriteIsNoRace) {
  for (const Searched& searched :
       {Search(CopyOnWrite, Dfs()), Search(CopyOnWrite, Dpor(Dpor::Mode::kOptimal))}) {
    EXPECT_TRUE(searched.findings.empty());
  }
}

// Who has no reference is not ordered by those of others.
void LooksWithoutAReference() {
  Var<int> value{1};
  std::shared_ptr<Var<int>> shared(&value, [](Var<int>* last) { *last = 2; });
  Thread looks([&value] { (void)value.load(); });
  Thread owns([shared]() mutable { shared.reset(); });
  shared.reset();
  looks.join();
  owns.join();
}

// Nor is what an owner does when it has let go.
void LooksAfterLettingGo() {
  auto shared = std::make_shared<Shared>();
  Var<int> other{0};
  Thread first([&other, shared]() mutable {
    shared.reset();
    other = 1;
  });
  Thread second([&other, shared]() mutable {
    shared.reset();
    other = 2;
  });
  shared.reset();
  first.join();
  second.join();
}

TEST(SharedCountTest, NothingElseIsOrdered) {
  for (void (*body)() : {LooksWithoutAReference, LooksAfterLettingGo}) {
    EXPECT_TRUE(Search(body, Dfs()).findings.contains(FindingKind::kDataRace));
    EXPECT_TRUE(Search(body, Dpor(Dpor::Mode::kOptimal)).findings.contains(FindingKind::kDataRace));
  }
}

}  // namespace
}  // namespace heddle
