// Recordings written by hand: why a wait never ends, which locks were held, what a witness names.
#include <initializer_list>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/report/finding_builder.h"
#include "harness/report/history.h"
#include "harness/report/symbolizer.h"
#include "harness/report/text_report.h"

namespace heddle::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr ThreadId kT1{1}, kT2{2}, kT3{3};

// A recording, event by event. Threads and their objects are 0, 1, 2 ...
class Script {
 public:
  explicit Script(uint32_t threads) {
    for (uint32_t i = 0; i < threads; ++i) {
      RecordedThread& thread = recording_.threads.emplace_back();
      if (i > 0) thread.parent = kMainThread;
      RecordedObject& object = recording_.objects.emplace_back();
      object.kind = ObjectKind::kThread;
      object.index_of_kind = i;
    }
  }

  ObjectId Object(ObjectKind kind, const char* name, uint64_t initial = 0) {
    RecordedObject& object = recording_.objects.emplace_back();
    object.kind = kind;
    object.declared_name = name;
    object.initial = initial;
    object.size = 4;
    return ObjectId{static_cast<uint32_t>(recording_.objects.size() - 1)};
  }

  EventSeq Do(ThreadId thread, Operation op, uint64_t value = 0, Outcome outcome = Outcome::kDone) {
    RecordedEvent& event = recording_.events.emplace_back();
    event.seq = recording_.events.size();
    if (TraitsOf(op.kind).scheduling_point) ++step_;
    event.step = step_;
    event.op = op;
    event.by = Transition{thread, outcome, 0};
    event.value = value;
    event.clock.assign(recording_.threads.size(), 1);
    if (op.kind == OpKind::kExit) recording_.threads[Index(thread)].finished = true;
    return event.seq;
  }
  EventSeq Do(ThreadId thread, OpKind kind, ObjectId object) {
    return Do(thread, Operation{.kind = kind, .object = object});
  }
  void Blocks(ThreadId thread, Operation op) {
    recording_.threads[Index(thread)].has_pending = true;
    recording_.threads[Index(thread)].pending = op;
  }
  // A wait on a condition variable that has not ended.
  void Waits(ThreadId thread, ObjectId variable, ObjectId mutex) {
    Do(thread, Operation{.kind = OpKind::kWait, .object = variable, .second = mutex});
    Blocks(thread, Operation{.kind = OpKind::kWake, .object = variable, .second = mutex});
  }

  Finding Stuck() {
    Suspicion suspicion;
    suspicion.kind = FindingKind::kStuck;
    return Build(suspicion);
  }
  Finding Build(const Suspicion& suspicion) {
    return BuildFinding(recording_, suspicion, symbolizer_, {.case_name = "test/script"});
  }

  Recording& recording() { return recording_; }

 private:
  Recording recording_;
  uint64_t step_ = 0;
  Symbolizer symbolizer_;
};

TEST(ReportWaitTest, NotificationBeforeTheWait) {
  Script script(3);
  const ObjectId m = script.Object(ObjectKind::kMutex, "m");
  const ObjectId cv = script.Object(ObjectKind::kCondVar, "cv");
  script.Do(kT1, OpKind::kNotifyOne, cv);
  script.Do(kT1, OpKind::kExit, ObjectId{1});
  script.Do(kT2, OpKind::kLock, m);
  script.Waits(kT2, cv, m);
  script.Blocks(kMainThread, {.kind = OpKind::kJoin, .object = ObjectId{2}, .operand = 2});
  const Finding finding = script.Stuck();
  EXPECT_EQ(finding.summary,
            "stuck: T2 waits for ever for a notification of condition variable cv, "
            "and 1 thread with it");
  EXPECT_EQ(
      finding.explanation,
      "T2 waits for a notification of cv. The last one, the notify_one of T1, came before the "
      "wait began: it found nobody waiting for it and was lost. main waits for T2 to end.");
  EXPECT_EQ(finding.object, "cv");
  ASSERT_EQ(finding.threads.size(), 2u);
  EXPECT_EQ(finding.threads[0].name, "T2");
  EXPECT_TRUE(finding.threads[0].held.empty()) << "the wait has released m";
  EXPECT_EQ(finding.threads[1].waits_for, "T2");
}

TEST(ReportWaitTest, NoNotificationAtAll) {
  Script script(2);
  const ObjectId m = script.Object(ObjectKind::kMutex, "m");
  const ObjectId cv = script.Object(ObjectKind::kCondVar, "cv");
  script.Do(kT1, OpKind::kLock, m);
  script.Waits(kT1, cv, m);
  EXPECT_EQ(script.Stuck().explanation,
            "T1 waits for a notification of cv, which no thread ever sends.");
}

TEST(ReportWaitTest, NotifyOneWokeSomebodyElse) {
  Script script(4);
  const ObjectId m = script.Object(ObjectKind::kMutex, "m");
  const ObjectId cv = script.Object(ObjectKind::kCondVar, "cv");
  script.Do(kT1, {.kind = OpKind::kWait, .object = cv, .second = m});
  script.Waits(kT2, cv, m);
  script.Do(kT3, OpKind::kNotifyOne, cv);
  script.Do(kT1, {.kind = OpKind::kWake, .object = cv, .second = m});
  EXPECT_EQ(
      script.Stuck().explanation,
      "T2 waits for a notification of cv. The notify_one of T3 came while it waited, but woke "
      "another thread.");
}

// T1 found its condition not met, and waits again; T2 has come since.
TEST(ReportWaitTest, TheLastNotificationWokeSomebodyBefore) {
  Script script(4);
  const ObjectId m = script.Object(ObjectKind::kMutex, "m");
  const ObjectId cv = script.Object(ObjectKind::kCondVar, "cv");
  script.Do(kT1, {.kind = OpKind::kWait, .object = cv, .second = m});
  script.Do(kT3, OpKind::kNotifyOne, cv);
  script.Do(kT1, {.kind = OpKind::kWake, .object = cv, .second = m});
  script.Waits(kT1, cv, m);
  script.Waits(kT2, cv, m);
  EXPECT_EQ(
      script.Stuck().explanation,
      "T1 waits for a notification of cv. The last one, the notify_one of T3, woke it from a wait "
      "before, after which it waited again. T2 waits for a notification of cv. The last one, the "
      "notify_one of T3, came before the wait began and woke T1.");
}

TEST(ReportWaitTest, NotifiedButTheMutexIsNeverFree) {
  Script script(3);
  const ObjectId m = script.Object(ObjectKind::kMutex, "m");
  const ObjectId cv = script.Object(ObjectKind::kCondVar, "cv");
  script.Do(kT1, OpKind::kLock, m);
  script.Waits(kT1, cv, m);
  script.Do(kT2, OpKind::kLock, m);
  script.Do(kT2, OpKind::kNotifyAll, cv);
  script.Do(kT2, OpKind::kExit, ObjectId{2});
  const Finding finding = script.Stuck();
  EXPECT_EQ(finding.explanation,
            "T1 waits for m held by T2, which has ended without unlocking it.");
  EXPECT_EQ(finding.summary, "stuck: T1 waits for ever for the lock of mutex m");
  EXPECT_EQ(finding.threads[0].wants, "lock of mutex m (held by T2)");
}

// T1 is between tasks.
TEST(ReportWaitTest, InTasksOfAPool) {
  Script script(4);
  const ObjectId pool = script.Object(ObjectKind::kMutex, "pool");
  const ObjectId s = script.Object(ObjectKind::kSemaphore, "s");
  const auto annotate = [&](ThreadId thread, Annotation what) {
    script.Do(thread, {.kind = OpKind::kAnnotate,
                       .object = pool,
                       .operand = static_cast<uint64_t>(what)});
  };
  for (const ThreadId thread : {kT1, kT2, kT3}) {
    annotate(thread, Annotation::kTaskBegin);
    if (thread == kT1) annotate(thread, Annotation::kTaskEnd);
    script.Blocks(thread, {.kind = OpKind::kAcquire, .object = s});
  }
  EXPECT_THAT(script.Stuck().explanation,
              ::testing::EndsWith("0 acquired, 0 released. T2 and T3 wait in tasks of pool."));
}

TEST(ReportWaitTest, SemaphoreWithoutPermits) {
  Script script(2);
  const ObjectId s = script.Object(ObjectKind::kSemaphore, "s", 1);
  script.Do(kT1, OpKind::kAcquire, s);
  script.Do(kT1, {.kind = OpKind::kRelease, .object = s, .operand = 1});
  script.Do(kT1, OpKind::kAcquire, s);
  script.Blocks(kT1, {.kind = OpKind::kAcquire, .object = s});
  EXPECT_EQ(script.Stuck().explanation,
            "T1 waits for a permit of s: it had 1, 2 acquired, 1 released.");
}

TEST(ReportWaitTest, BarrierWithTooFewArrivals) {
  Script script(2);
  const ObjectId b = script.Object(ObjectKind::kBarrier, "b", 2);
  script.Do(kT1, {.kind = OpKind::kArrive, .object = b, .operand = 1});
  script.Blocks(kT1, {.kind = OpKind::kPhaseWait, .object = b, .operand = 0});
  EXPECT_EQ(script.Stuck().explanation, "T1 waits at b for others: 1 of 2 arrivals in this phase.");
}

TEST(ReportWaitTest, AtomicChangedWithoutNotification) {
  Script script(2);
  const ObjectId n = script.Object(ObjectKind::kAtomic, "n");
  script.Do(kT1, {.kind = OpKind::kAtomicWait, .size = 4, .object = n}, 0, Outcome::kFailed);
  script.Blocks(kT1, {.kind = OpKind::kAtomicWait, .size = 4, .object = n});
  EXPECT_EQ(script.Stuck().explanation,
            "T1 waits for n to change, and no thread changes it any more.");
  script.Do(kMainThread, {.kind = OpKind::kStore, .size = 4, .object = n, .operand = 1});
  EXPECT_EQ(script.Stuck().explanation,
            "T1 waits for n to change. main changed it, but no notification followed that woke the "
            "waiter.");
}

TEST(ReportWaitTest, LoopsByWhatTheyLookAt) {
  Script script(3);
  const ObjectId n = script.Object(ObjectKind::kAtomic, "n");
  const ObjectId m = script.Object(ObjectKind::kMutex, "m");
  Suspicion suspicion;
  suspicion.kind = FindingKind::kLivelock;
  suspicion.message = "every thread waits";
  const EventSeq look =
      script.Do(kT1, {.kind = OpKind::kLoad, .size = 4, .object = n}, 7);
  const EventSeq attempt =
      script.Do(kT1, {.kind = OpKind::kTryLock, .object = m}, 0, Outcome::kFailed);
  suspicion.witnesses = {Witness{"repeated load", kT1, look, n, 0, {}, 0},
                         Witness{"repeated try_lock", kT1, attempt, m, 0, {}, 0}};
  script.Blocks(kT1, {.kind = OpKind::kLoad, .size = 4, .object = n});
  script.Blocks(kMainThread, {.kind = OpKind::kJoin, .object = ObjectId{1}, .operand = 1});
  script.Do(kT2, OpKind::kExit, ObjectId{2});
  const Finding finding = script.Build(suspicion);
  EXPECT_EQ(finding.summary, "livelock in T1: every thread waits");
  EXPECT_EQ(finding.explanation,
            "T1 goes round in a loop of `load n -> 7` and `try_lock m: failed`, until that is "
            "something else. main waits for T1 to end.");
  ASSERT_EQ(finding.sides.size(), 2u);
  EXPECT_EQ(finding.sides[0].role, "repeated load");
  EXPECT_EQ(finding.sides[1].object, "m");
}

TEST(ReportWaitTest, RoundsOfALoopAreShownOnce) {
  Script script(2);
  const ObjectId n = script.Object(ObjectKind::kAtomic, "n");
  script.Do(kMainThread, {.kind = OpKind::kStore, .size = 4, .object = n, .operand = 7}, 7);
  EventSeq look = 0;
  for (int round = 0; round < 5; ++round) {
    look = script.Do(kT1, {.kind = OpKind::kLoad, .size = 4, .object = n}, 7);
  }
  Suspicion suspicion;
  suspicion.kind = FindingKind::kLivelock;
  suspicion.witnesses = {Witness{"repeated load", kT1, look, n, 0, {}, 0}};
  script.Blocks(kT1, {.kind = OpKind::kLoad, .size = 4, .object = n});
  std::string shown;
  for (const FindingStep& step : script.Build(suspicion).interleaving) {
    if (step.matters) shown += step.text + "; ";
  }
  EXPECT_EQ(shown, "store n = 7; load n -> 7; load n -> 7; ");
}

TEST(ReportWaitTest, OnceThatIsStillRunning) {
  Script script(3);
  const ObjectId f = script.Object(ObjectKind::kOnce, "f");
  const ObjectId s = script.Object(ObjectKind::kSemaphore, "s");
  script.Do(kT1, {.kind = OpKind::kOnceEnter, .object = f}, 1);
  script.Blocks(kT1, {.kind = OpKind::kAcquire, .object = s});
  script.Blocks(kT2, {.kind = OpKind::kOnceEnter, .object = f});
  EXPECT_EQ(
      script.Stuck().explanation,
      "T1 waits for a permit of s: it had 0, 0 acquired, 0 released. T2 waits for f that T1 is "
      "running.");
}

TEST(ReportWaitTest, LockOrderNamesBothOrders) {
  Script script(3);
  const ObjectId a = script.Object(ObjectKind::kMutex, "a");
  const ObjectId b = script.Object(ObjectKind::kMutex, "b");
  Suspicion suspicion;
  suspicion.kind = FindingKind::kLockOrder;
  const auto take_both = [&](ThreadId thread, ObjectId first, ObjectId second) {
    for (const ObjectId lock : {first, second}) {
      Witness witness;
      witness.role = lock == first ? "lock held" : "lock taken while holding it";
      witness.thread = thread;
      witness.seq = script.Do(thread, OpKind::kLock, lock);
      suspicion.witnesses.push_back(witness);
    }
    script.Do(thread, OpKind::kUnlock, second);
    script.Do(thread, OpKind::kUnlock, first);
  };
  take_both(kT1, a, b);
  take_both(kT2, b, a);
  const Finding finding = script.Build(suspicion);
  EXPECT_EQ(
      finding.explanation,
      "T1 takes b while it holds a; T2 takes a while it holds b. A schedule in which each has "
      "taken its first lock makes them wait for ever.");
  EXPECT_THAT(finding.summary, HasSubstr("lock-order inversion (potential deadlock): "));
  EXPECT_EQ(finding.sides.size(), 4u);
}

TEST(ReportWaitTest, WithoutWitnessesTheCaseNamesTheBug) {
  Script script(1);
  Suspicion suspicion;
  suspicion.kind = FindingKind::kTimeout;
  suspicion.message = "no scheduling point for 5 s";
  const Finding here = script.Build(suspicion);
  EXPECT_EQ(here.summary, "timeout: no scheduling point for 5 s");
  Symbolizer symbolizer;
  const Finding there =
      BuildFinding(script.recording(), suspicion, symbolizer, {.case_name = "test/other"});
  EXPECT_NE(here.fingerprint, there.fingerprint);
}

TEST(ReportWaitTest, LongExecutionsAreCut) {
  Script script(3);
  const ObjectId m = script.Object(ObjectKind::kMutex, "m");
  script.Do(kMainThread, {.kind = OpKind::kSpawn, .object = ObjectId{1}, .operand = 1});
  for (int i = 0; i < 5'000; ++i) {
    script.Do(kT1, OpKind::kLock, m);
    script.Do(kT1, OpKind::kUnlock, m);
  }
  Suspicion suspicion;
  suspicion.kind = FindingKind::kAssertion;
  const Finding finding = script.Build(suspicion);
  size_t mattering = 0;
  for (const FindingStep& step : finding.interleaving) mattering += step.matters;
  EXPECT_LE(mattering, 25u);
  EXPECT_LE(finding.interleaving.size(), 1'025u);
  EXPECT_EQ(finding.interleaving.back().step, 10'001u);
}

std::vector<uint32_t> Held(const History& history, ThreadId thread, EventSeq seq) {
  std::vector<uint32_t> ids;
  for (const LockHold& hold : history.HeldBefore(thread, seq)) ids.push_back(Index(hold.object));
  return ids;
}

TEST(ReportHistoryTest, HeldLocksFollowLocksUnlocksAndWaits) {
  Script script(2);
  const ObjectId a = script.Object(ObjectKind::kMutex, "a");        // 2
  const ObjectId b = script.Object(ObjectKind::kSharedMutex, "b");  // 3
  const ObjectId cv = script.Object(ObjectKind::kCondVar, "cv");
  script.Do(kT1, OpKind::kLock, a);                                              // 1
  script.Do(kT1, OpKind::kLock, a);                                              // 2: recursive
  script.Do(kT1, OpKind::kLockShared, b);                                        // 3
  script.Do(kT1, OpKind::kUnlock, a);                                            // 4
  script.Do(kT1, OpKind::kUnlock, a);                                            // 5
  script.Do(kT1, {.kind = OpKind::kTryLock, .object = a}, 0, Outcome::kFailed);  // 6
  script.Do(kT1, OpKind::kLock, a);                                              // 7
  script.Do(kT1, {.kind = OpKind::kWait, .object = cv, .second = a});            // 8
  script.Do(kT1, {.kind = OpKind::kWake, .object = cv, .second = a});            // 9
  const History history(script.recording());
  EXPECT_THAT(Held(history, kT1, 1), ElementsAre());
  EXPECT_THAT(Held(history, kT1, 3), ElementsAre(2u));
  EXPECT_THAT(Held(history, kT1, 5), ElementsAre(2u, 3u));
  EXPECT_THAT(Held(history, kT1, 7), ElementsAre(3u));
  EXPECT_THAT(Held(history, kT1, 9), ElementsAre(3u));
  EXPECT_EQ(history.HeldAtEnd(kT1).size(), 2u);
  EXPECT_TRUE(history.HeldAtEnd(kT1)[0].shared);
  EXPECT_THAT(history.OwnersAtEnd(a), ElementsAre(kT1));
  EXPECT_TRUE(history.HeldAtEnd(kMainThread).empty());
}

TEST(ReportHistoryTest, WitnessByTimeObjectAndKind) {
  Script script(2);
  const ObjectId x = script.Object(ObjectKind::kVar, "x");
  script.Do(kT1, OpKind::kWrite, x);  // 1
  script.Do(kT1, OpKind::kRead, x);   // 2
  script.Do(kT1, OpKind::kWrite, x);  // 3
  script.recording().events[2].clock[1] = 2;
  const History history(script.recording());
  Witness witness;
  witness.thread = kT1;
  witness.object = x;
  witness.time = 1;
  witness.kinds = {OpKind::kWrite};
  EXPECT_EQ(history.Resolve(witness)->seq, 1u);
  witness.time = 2;
  EXPECT_EQ(history.Resolve(witness)->seq, 3u);
  witness.kinds = {OpKind::kRead};
  EXPECT_EQ(history.Resolve(witness)->seq, 2u) << "nothing at that time: the last such access";
  witness.kinds = {OpKind::kLoad};
  EXPECT_EQ(history.Resolve(witness), nullptr);
  witness.seq = 2;
  EXPECT_EQ(history.Resolve(witness)->seq, 2u);
  witness.pc = 1;
  EXPECT_EQ(history.Resolve(witness), nullptr);
}

}  // namespace
}  // namespace heddle::testing
