// heddle::Thread::id under the controlled engine: the same under every schedule.
#include <algorithm>
#include <functional>
#include <sstream>
#include <string>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

#include "primitives/assert.h"
#include "primitives/jthread.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "tests/unit/sync_test_support.h"

namespace heddle::testing {
namespace {

std::string Text(Thread::id id) {
  std::ostringstream out;
  out << id;
  return out.str();
}

// What the first execution saw of the ids, for the others to compare with.
struct Sight {
  char text[64] = {};
  size_t hashes = 0;
};
Sight first_sight;

// Two threads that start one each, in any order: T1, T2, T1.1, T2.1.
void Tree() {
  Mutex mutex;
  std::vector<Thread::id> ids{this_thread::get_id()};
  const auto note = [&] {
    const std::lock_guard lock(mutex);
    ids.push_back(this_thread::get_id());
  };
  const auto parent = [&] {
    note();
    Thread child(note);
    child.join();
  };
  Thread one(parent);
  Thread two(parent);
  Assert(one.get_id() < two.get_id() && this_thread::get_id() < one.get_id());
  one.join();
  two.join();
  std::sort(ids.begin(), ids.end());
  Sight sight;
  std::string text;
  for (const Thread::id id : ids) {
    text += Text(id) + " ";
    sight.hashes = 31 * sight.hashes + std::hash<Thread::id>()(id);
  }
  text.copy(sight.text, sizeof(sight.text) - 1);
  if (first_sight.text[0] == 0) first_sight = sight;
  Assert(text == first_sight.text && sight.hashes == first_sight.hashes);
}

TEST_F(SyncTest, ThreadIdsDoNotDependOnTheSchedule) {
  Run(&Tree);
  ExpectClean();
  EXPECT_STREQ(first_sight.text, "main T1 T1.1 T2 T2.1 ");
}

void Identity() {
  Thread::id inside;
  Thread thread([&] { inside = this_thread::get_id(); });
  const Thread::id id = thread.get_id();
  Assert(id != Thread::id() && id != this_thread::get_id());
  thread.join();
  Assert(id == inside && thread.get_id() == Thread::id());
  Assert(Text(Thread().get_id()) == Text(Thread::id()));

  JThread stopping([&] { inside = this_thread::get_id(); });
  const Thread::id of_jthread = stopping.get_id();
  stopping.join();
  Assert(of_jthread == inside && of_jthread != id);
  const std::unordered_set<Thread::id> set{id, of_jthread, this_thread::get_id(), id};
  Assert(set.size() == 3);
}

TEST_F(SyncTest, ThreadIdsTellThreadsApart) {
  Run(&Identity);
  ExpectClean();
}

}  // namespace
}  // namespace heddle::testing
