// Two-stage lock protocol among many: each of 99 writers sets one datum under its lock and then
// another, which belongs to it, under another lock. A reader that looks at both in between sees the
// first without the second. Each access is locked; the pair is not atomic. No writer but the first
// shows it, and only while none has come to its second stage.
//
// Where: as in two_stage_lock.cc. The shape is that of twostage_100 in SCTBench (Thomson, Donaldson
// and Betts, "Concurrency Testing Using Schedule Bounding", PPoPP 2014).
//
// The writers are symmetric: without preemptions there are 101 schedules, by where the reader
// comes, and not 100 factorial. The same with three writers is small enough for searches of all
// schedules.
//
// In the twins one more lock is held over both stages.
#include <mutex>

#include "harness/explore/case.h"
#include "primitives/assert.h"
#include "primitives/mutex.h"
#include "primitives/symmetric_threads.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

constexpr int kMany = 99;
constexpr int kFew = 3;

class Data {
 public:
  void Write() {
    {
      const std::lock_guard lock(first_mutex_);
      first_ = 1;
    }
    const std::lock_guard lock(second_mutex_);
    second_ = 2;
  }
  void Read() {
    int first = 0;
    {
      const std::lock_guard lock(first_mutex_);
      first = first_;
      if (first == 0) return;
    }
    const std::lock_guard lock(second_mutex_);
    heddle::Assert(second_ == first + 1, "the second datum belongs to the first");
  }

  void WriteFixed() {
    const std::lock_guard lock(whole_);  // fix
    Write();
  }
  void ReadFixed() {
    const std::lock_guard lock(whole_);  // fix
    Read();
  }

 private:
  heddle::Mutex first_mutex_{"first lock"};
  heddle::Mutex second_mutex_{"second lock"};
  heddle::Mutex whole_{"whole"};
  heddle::Var<int> first_{0, "first"};
  heddle::Var<int> second_{0, "second"};
};

template <int kWriters, void (Data::*kWrite)(), void (Data::*kRead)()>
void WritersAndAReader() {
  Data data;
  heddle::SymmetricThreads writers(kWriters, [&] { (data.*kWrite)(); });
  heddle::Thread reader([&] { (data.*kRead)(); });
  writers.join();
  reader.join();
}

const heddle::RegisterCase kBug{{
    .name = "atomicity/two_stage_many",
    .body = WritersAndAReader<kMany, &Data::Write, &Data::Read>,
    .expect = {heddle::FindingKind::kAssertion},
    .preemptions = 1,
    .about = "99 threads write in two locked stages; one reads in between",
}};
const heddle::RegisterCase kTwin{{
    .name = "atomicity/two_stage_many_fixed",
    .body = WritersAndAReader<kMany, &Data::WriteFixed, &Data::ReadFixed>,
    .about = "a lock is held over both stages",
}};
const heddle::RegisterCase kFewBug{{
    .name = "atomicity/two_stage_few",
    .body = WritersAndAReader<kFew, &Data::Write, &Data::Read>,
    .expect = {heddle::FindingKind::kAssertion},
    .preemptions = 1,
    .about = "three threads write in two locked stages; one reads in between",
}};
const heddle::RegisterCase kFewTwin{{
    .name = "atomicity/two_stage_few_fixed",
    .body = WritersAndAReader<kFew, &Data::WriteFixed, &Data::ReadFixed>,
    .about = "one lock is held over both stages",
}};

}  // namespace
