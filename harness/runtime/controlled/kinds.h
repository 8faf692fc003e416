// What the engine must know of kinds of operation beside OpTraits.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_KINDS_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_KINDS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "harness/core/event.h"
#include "harness/core/operation.h"
#include "harness/core/order_class.h"

namespace heddle::internal {

constexpr EventMask BlockingKinds() {
  EventMask mask;
  for (int kind = 0; kind < kOpKinds; ++kind) {
    if (kOpTraits[kind].may_block) mask = mask | EventMask{static_cast<OpKind>(kind)};
  }
  return mask;
}

inline constexpr EventMask kBlockingKinds = BlockingKinds();
// Those that learn something without changing anything when they fail.
inline constexpr EventMask kTryKinds = {OpKind::kTryLock, OpKind::kTryLockShared,
                                        OpKind::kTryAcquire};
// Those in which a thread gives way to others.
inline constexpr EventMask kPauses = {OpKind::kYield, OpKind::kSleep, OpKind::kWake};
// Those whose completion is more than "done, from the only source": a choice among waiters is
// possible even under sequential consistency, and what a try finds is decided when it is made,
// because it is in no object's list of waiters. So is whether a weak comparison fails.
inline constexpr EventMask kOpenKinds =
    kTryKinds |
    EventMask{OpKind::kNotifyOne, OpKind::kAtomicNotifyOne, OpKind::kCompareExchange};

// Those that do nothing but read or write one atomic.
inline constexpr EventMask kAccesses = {OpKind::kLoad, OpKind::kStore, OpKind::kRmw,
                                        OpKind::kCompareExchange};

// Whose order is part of an execution's class: those that look at their object, and those that
// change it. Of what commutes with everything it tells that it was made, where a thread that has
// gone no further can be told from one that has: not of what a loop may do any number of times.
inline constexpr EventMask kLookingKinds = {OpKind::kLoad, OpKind::kPhaseWait};
inline constexpr EventMask kPrivateKinds = {OpKind::kFence, OpKind::kDetach};
inline constexpr EventMask kPausingKinds = {OpKind::kYield, OpKind::kSleep};
// Those that are about one part of their object only, or that may be no step in the order at all:
// see KeepOrderInPart.
inline constexpr EventMask kPartialKinds = {
    OpKind::kUnlock,     OpKind::kLockShared,      OpKind::kTryLockShared,  OpKind::kUnlockShared,
    OpKind::kAtomicWait, OpKind::kAtomicNotifyOne, OpKind::kAtomicNotifyAll};

constexpr std::array<uint64_t, kOpKinds> MakeOrderWords() {
  std::array<uint64_t, kOpKinds> words{};
  for (uint64_t kind = 0; kind < kOpKinds; ++kind) words[kind] = OrderWord(kind);
  return words;
}
inline constexpr std::array<uint64_t, kOpKinds> kOrderWords = MakeOrderWords();

// What an operation adds to its thread's part of the class.
constexpr uint64_t OrderKey(OpKind kind, Outcome outcome, uint32_t source) {
  return kOrderWords[static_cast<size_t>(kind)] + static_cast<uint64_t>(outcome) +
         (uint64_t{source} << 8);
}

// What a kind of operation does to the engine's own books.
struct Bookkeeping {
  bool learns : 1 = false;    // may change nothing: a load, a try that fails or times out
  bool passes : 1 = false;    // may be part of a loop that waits, and looks at nothing
  bool neutral : 1 = false;   // tells nothing about spinning
  bool acquires : 1 = false;  // a lock, if it is done
  bool releases : 1 = false;
  bool tries : 1 = false;     // sees whether a lock is held without waiting for it
  bool rewrites : 1 = false;  // reads an atomic and stores what may be the same
};

constexpr std::array<Bookkeeping, kOpKinds> MakeBooks() {
  std::array<Bookkeeping, kOpKinds> books{};
  const auto of = [&](OpKind kind) -> Bookkeeping& { return books[static_cast<size_t>(kind)]; };
  for (OpKind kind : {OpKind::kLoad, OpKind::kRmw, OpKind::kCompareExchange, OpKind::kTryLock,
                      OpKind::kTryLockShared, OpKind::kTryAcquire, OpKind::kLock,
                      OpKind::kLockShared, OpKind::kAcquire, OpKind::kPhaseWait}) {
    of(kind).learns = true;
  }
  of(OpKind::kFence).passes = of(OpKind::kDisown).passes = true;
  // What pauses are worth is told when they are published: see Pause.
  for (OpKind kind : {OpKind::kYield, OpKind::kSleep, OpKind::kWait, OpKind::kWake}) {
    of(kind).neutral = true;
  }
  for (OpKind kind : {OpKind::kLock, OpKind::kTryLock, OpKind::kLockShared, OpKind::kTryLockShared,
                      OpKind::kWake}) {
    of(kind).acquires = true;
  }
  for (OpKind kind : {OpKind::kUnlock, OpKind::kUnlockShared, OpKind::kWait}) {
    of(kind).releases = true;
  }
  of(OpKind::kRmw).rewrites = of(OpKind::kCompareExchange).rewrites = true;
  of(OpKind::kTryLock).tries = of(OpKind::kTryLockShared).tries = true;
  return books;
}
inline constexpr std::array<Bookkeeping, kOpKinds> kBooks = MakeBooks();

}  // namespace heddle::internal

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_KINDS_H_
