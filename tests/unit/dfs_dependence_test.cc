// The dependence table, row by row where a wrong answer would lose bugs or cost whole factors.
#include "gtest/gtest.h"
#include "harness/model/dependence.h"

namespace heddle {
namespace {

constexpr ObjectId kA{1};
constexpr ObjectId kB{2};
constexpr ObjectId kCondVar{3};

Operation On(OpKind kind, ObjectId object, ObjectId second = kNoObject) {
  return Operation{.kind = kind, .object = object, .second = second};
}

// As the table is symmetric, both ways at once.
bool Depend(const Operation& a, const Operation& b) {
  EXPECT_EQ(Dependent(a, b), Dependent(b, a));
  return Dependent(a, b);
}

TEST(DependenceTest, TheTableIsSymmetricAndOutcomesOnlyMakeItSmaller) {
  for (int i = 0; i < kOpKinds; ++i) {
    for (int j = 0; j < kOpKinds; ++j) {
      for (const ObjectId object : {kA, kB}) {
        const Operation a = On(static_cast<OpKind>(i), kA);
        const Operation b = On(static_cast<OpKind>(j), object);
        EXPECT_EQ(Dependent(a, b), Dependent(b, a)) << i << " " << j;
        for (const Outcome x : {Outcome::kDone, Outcome::kFailed, Outcome::kTimedOut}) {
          for (const Outcome y : {Outcome::kDone, Outcome::kFailed, Outcome::kSpurious}) {
            EXPECT_LE(Dependent(a, x, b, y), Dependent(a, b)) << i << " " << j;
            EXPECT_EQ(Dependent(a, x, b, y), Dependent(b, y, a, x)) << i << " " << j;
          }
        }
        if (object == kB && Dependent(a, b)) {
          EXPECT_TRUE(a.kind == OpKind::kAlloc || a.kind == OpKind::kFree) << i << " " << j;
        }
      }
    }
  }
}

TEST(DependenceTest, Atomics) {
  const Operation load = On(OpKind::kLoad, kA);
  const Operation store = On(OpKind::kStore, kA);
  const Operation compare = On(OpKind::kCompareExchange, kA);
  EXPECT_FALSE(Depend(load, load));
  EXPECT_TRUE(Depend(load, store));
  EXPECT_TRUE(Depend(store, store));
  EXPECT_TRUE(Depend(compare, load));
  EXPECT_FALSE(Dependent(compare, Outcome::kFailed, load, Outcome::kDone));
  EXPECT_FALSE(Dependent(compare, Outcome::kFailed, compare, Outcome::kFailed));
  EXPECT_TRUE(Dependent(compare, Outcome::kFailed, store, Outcome::kDone));
  const Operation wait = On(OpKind::kAtomicWait, kA);
  const Operation notify = On(OpKind::kAtomicNotifyOne, kA);
  EXPECT_TRUE(Depend(wait, store));
  EXPECT_TRUE(Depend(wait, notify));
  EXPECT_TRUE(Depend(wait, wait));
  EXPECT_FALSE(Depend(wait, load));
  EXPECT_FALSE(Depend(notify, store));
}

TEST(DependenceTest, LocksAndConditions) {
  const Operation lock = On(OpKind::kLock, kA);
  EXPECT_TRUE(Depend(lock, lock));
  EXPECT_TRUE(Depend(lock, On(OpKind::kTryLock, kA)));
  EXPECT_TRUE(Depend(On(OpKind::kTryLock, kA), On(OpKind::kUnlock, kA)));
  EXPECT_FALSE(Depend(lock, On(OpKind::kLock, kB)));
  EXPECT_FALSE(Depend(On(OpKind::kLockShared, kA), On(OpKind::kLockShared, kA)));
  EXPECT_TRUE(Depend(On(OpKind::kLockShared, kA), lock));
  // A wait is about the mutex, too, and so is the wake-up.
  EXPECT_TRUE(Depend(On(OpKind::kWait, kCondVar, kA), lock));
  EXPECT_TRUE(Depend(On(OpKind::kWake, kCondVar, kA), lock));
  EXPECT_TRUE(Depend(On(OpKind::kWake, kCondVar, kA), On(OpKind::kWake, kB, kA)));
  EXPECT_FALSE(Depend(On(OpKind::kWake, kCondVar, kA), On(OpKind::kLock, kB)));
  EXPECT_TRUE(Depend(On(OpKind::kWait, kCondVar, kA), On(OpKind::kNotifyOne, kCondVar)));
  EXPECT_TRUE(Depend(On(OpKind::kNotifyOne, kCondVar), On(OpKind::kNotifyAll, kCondVar)));
}

TEST(DependenceTest, OperationsThatCompeteOrCount) {
  for (const OpKind kind :
       {OpKind::kAcquire, OpKind::kTryAcquire, OpKind::kRelease, OpKind::kArrive,
        OpKind::kArriveDrop, OpKind::kOnceEnter, OpKind::kJoin, OpKind::kRmw}) {
    EXPECT_TRUE(Depend(On(kind, kA), On(kind, kA))) << TraitsOf(kind).name;
    EXPECT_FALSE(Depend(On(kind, kA), On(kind, kB))) << TraitsOf(kind).name;
  }
  EXPECT_FALSE(Depend(On(OpKind::kPhaseWait, kA), On(OpKind::kPhaseWait, kA)));
  EXPECT_TRUE(Depend(On(OpKind::kPhaseWait, kA), On(OpKind::kArrive, kA)));
  EXPECT_TRUE(Depend(On(OpKind::kAlloc, kNoObject), On(OpKind::kFree, kNoObject)));
  EXPECT_FALSE(Depend(On(OpKind::kYield, kA), On(OpKind::kFence, kA)));
}

TEST(DependenceTest, WhatMaySeeAHeldLock) {
  EXPECT_TRUE(SeesLockHolders(On(OpKind::kTryLock, kA)));
  EXPECT_TRUE(SeesLockHolders(On(OpKind::kTryLockShared, kA)));
  EXPECT_FALSE(SeesLockHolders(On(OpKind::kLock, kA)));
  Operation timed = On(OpKind::kLock, kA);
  timed.deadline = 5;
  EXPECT_TRUE(SeesLockHolders(timed));
}

}  // namespace
}  // namespace heddle
