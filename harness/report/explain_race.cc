#include <algorithm>
#include <string>
#include <vector>

#include "harness/report/explain.h"

namespace heddle::internal {
namespace {

std::string LockNames(const Evidence& evidence, const std::vector<LockHold>& holds) {
  std::vector<std::string> names;
  for (const LockHold& hold : holds) {
    names.push_back(evidence.Object(hold.object) + (hold.shared ? " (shared)" : ""));
  }
  return names.empty() ? "no lock" : JoinWords(names);
}

std::string ExplainLocks(const Evidence& evidence, const RecordedEvent& earlier,
                         const RecordedEvent& later) {
  const auto held_a = evidence.history().HeldBefore(earlier.by.thread, earlier.seq);
  const auto held_b = evidence.history().HeldBefore(later.by.thread, later.seq);
  if (held_a.empty() && held_b.empty()) return "Neither thread held a lock.";
  const std::string& a = evidence.Thread(earlier.by.thread);
  const std::string& b = evidence.Thread(later.by.thread);
  for (const LockHold& mine : held_a) {
    for (const LockHold& theirs : held_b) {
      if (mine.object != theirs.object) continue;
      const std::string& lock = evidence.Object(mine.object);
      if (mine.shared && theirs.shared) return "Both threads held " + lock + ", but only shared.";
      return "Both threads held " + lock + ".";
    }
  }
  std::string text = a + " held " + LockNames(evidence, held_a) + ", " + b + " held " +
                     LockNames(evidence, held_b);
  if (!held_a.empty() && !held_b.empty()) text += ": no lock in common";
  return text + ".";
}

// The object through which an event hands its thread's past on to others; kNoObject if it does not.
ObjectId ReleasesThrough(const RecordedEvent& event) {
  const Operation& op = event.op;
  switch (op.kind) {
    case OpKind::kUnlock:
    case OpKind::kUnlockShared:
    case OpKind::kWait:
      return LockReleasedBy(event);
    case OpKind::kRelease:
    case OpKind::kArrive:
    case OpKind::kArriveDrop:
    case OpKind::kOnceDone:
    case OpKind::kDisown:
    case OpKind::kSpawn:
    case OpKind::kExit:
      return op.object;
    case OpKind::kCompareExchange:
      if (event.by.outcome != Outcome::kDone) return kNoObject;
      [[fallthrough]];
    case OpKind::kStore:
    case OpKind::kRmw:
      return IsRelease(op.order) ? op.object : kNoObject;
    default:
      return kNoObject;
  }
}

bool AcquiresThrough(const RecordedEvent& event, ObjectId object) {
  if (LockTakenBy(event) == object) return true;
  if (event.op.object != object || event.by.outcome != Outcome::kDone) return false;
  switch (event.op.kind) {
    case OpKind::kAcquire:
    case OpKind::kTryAcquire:
    case OpKind::kPhaseWait:
    case OpKind::kOnceEnter:
    case OpKind::kJoin:
      return true;
    case OpKind::kLoad:
    case OpKind::kRmw:
    case OpKind::kCompareExchange:
    case OpKind::kAtomicWait:
      return IsAcquire(event.op.order);
    default:
      return false;
  }
}

// "unlocked m", "stored to flag", "ended".
std::string ReleaseInWords(const Evidence& evidence, const RecordedEvent& event) {
  const std::string& object = evidence.Object(ReleasesThrough(event));
  switch (event.op.kind) {
    case OpKind::kUnlock:
    case OpKind::kUnlockShared:
    case OpKind::kWait:
      return "unlocked " + object;
    case OpKind::kRelease:
      return "released " + object;
    case OpKind::kArrive:
    case OpKind::kArriveDrop:
      return "arrived at " + object;
    case OpKind::kOnceDone:
      return "finished the call under " + object;
    case OpKind::kDisown:
      return "let go of " + object;
    case OpKind::kSpawn:
      return "started " + evidence.Thread(TargetOf(event.op));
    case OpKind::kExit:
      return "ended";
    default:
      return "stored to " + object;
  }
}

std::string MissingAcquireInWords(const Evidence& evidence, const RecordedEvent& release) {
  const std::string& object = evidence.Object(ReleasesThrough(release));
  switch (release.op.kind) {
    case OpKind::kUnlock:
    case OpKind::kUnlockShared:
    case OpKind::kWait:
      return "lock " + object;
    case OpKind::kRelease:
      return "acquire " + object;
    case OpKind::kArrive:
    case OpKind::kArriveDrop:
      return "wait at " + object;
    case OpKind::kOnceDone:
      return "pass " + object;
    case OpKind::kDisown:
      return "own it last";
    case OpKind::kExit:
      return "join it";
    default:
      return "read that from " + object + " with acquire order";
  }
}

const char* AccessWord(const RecordedEvent& event) {
  switch (event.op.kind) {
    case OpKind::kRead:
    case OpKind::kLoad:
      return "read";
    default:
      return "write";
  }
}

// A value that went from the earlier thread to the later one through an atomic, without order.
std::string ExplainRelaxed(const Evidence& evidence, const RecordedEvent& earlier,
                           const RecordedEvent& later) {
  for (const RecordedEvent& load : evidence.recording().events) {
    if (load.seq >= later.seq) break;
    if (load.by.thread != later.by.thread || load.source <= earlier.seq) continue;
    const RecordedEvent* const store = evidence.history().Find(load.source);
    if (store == nullptr || store->by.thread != earlier.by.thread) continue;
    const bool stored = IsRelease(store->op.order);
    const bool loaded = IsAcquire(load.op.order);
    if (stored && loaded) continue;
    const std::string fault = !stored && !loaded ? "both are " + std::string(NameOf(load.op.order))
                              : stored ? "the load is " + std::string(NameOf(load.op.order))
                                       : "the store is " + std::string(NameOf(store->op.order));
    return " " + evidence.Thread(later.by.thread) + " did read from " +
           evidence.Object(load.op.object) + evidence.At(load.stack) + " what " +
           evidence.Thread(earlier.by.thread) + " stored there after its " + AccessWord(earlier) +
           evidence.At(store->stack) + ", but " + fault +
           ": only a release store read by an acquire load orders what is around them.";
  }
  return {};
}

// The two did synchronise, but through what the earlier thread had released before its access.
std::string ExplainEarlyRelease(const Evidence& evidence, const RecordedEvent& earlier,
                                const RecordedEvent& later) {
  const RecordedEvent* release = nullptr;
  const RecordedEvent* acquire = nullptr;
  for (const RecordedEvent& event : evidence.recording().events) {
    if (event.seq >= later.seq) break;
    if (event.by.thread == earlier.by.thread && event.seq < earlier.seq &&
        event.op.kind != OpKind::kSpawn && ReleasesThrough(event) != kNoObject) {
      release = &event;
      acquire = nullptr;
    }
    if (release != nullptr && event.by.thread == later.by.thread &&
        AcquiresThrough(event, ReleasesThrough(*release))) {
      acquire = &event;
    }
  }
  if (acquire == nullptr) return {};
  const std::string& a = evidence.Thread(earlier.by.thread);
  const std::string& b = evidence.Thread(later.by.thread);
  return " " + b + " did acquire " + evidence.Object(ReleasesThrough(*release)) +
         evidence.At(acquire->stack) + " after " + a + " " + ReleaseInWords(evidence, *release) +
         evidence.At(release->stack) + ", but " + a + "'s " + AccessWord(earlier) +
         " came only after that.";
}

std::string ExplainMissingOrder(const Evidence& evidence, const RecordedEvent& earlier,
                                const RecordedEvent& later) {
  const std::string& a = evidence.Thread(earlier.by.thread);
  const std::string& b = evidence.Thread(later.by.thread);
  const std::string access_a = AccessWord(earlier), access_b = AccessWord(later);
  if (std::string relaxed = ExplainRelaxed(evidence, earlier, later); !relaxed.empty()) {
    return relaxed;
  }
  // The best release to name: one of an object that the other thread acquires as well; else the
  // first. A spawn is named only when there is nothing else.
  const RecordedEvent* release = nullptr;
  const RecordedEvent* acquire = nullptr;
  int releases = 0;
  for (const RecordedEvent& event : evidence.recording().events) {
    if (event.seq <= earlier.seq || event.by.thread != earlier.by.thread) continue;
    if (event.seq >= later.seq) break;
    const ObjectId object = ReleasesThrough(event);
    if (object == kNoObject) continue;
    ++releases;
    const RecordedEvent* before = nullptr;
    for (const RecordedEvent& other : evidence.recording().events) {
      if (other.seq >= event.seq) break;
      if (other.by.thread == later.by.thread && AcquiresThrough(other, object)) before = &other;
    }
    const bool better = release == nullptr || (acquire == nullptr && before != nullptr) ||
                        (acquire == nullptr && release->op.kind == OpKind::kSpawn);
    if (!better) continue;
    release = &event;
    acquire = before;
  }
  if (release == nullptr || release->op.kind == OpKind::kExit ||
      release->op.kind == OpKind::kSpawn) {
    if (std::string early = ExplainEarlyRelease(evidence, earlier, later); !early.empty()) {
      return early;
    }
  }
  if (release == nullptr) {
    return " Between its " + access_a + " and " + b + "'s " + access_b + ", " + a +
           " released nothing that " + b + " could have acquired.";
  }
  std::string text = " " + a + " " + ReleaseInWords(evidence, *release) + " after its " + access_a +
                     evidence.At(release->op.kind == OpKind::kExit ? Stack{} : release->stack);
  if (release->op.kind == OpKind::kSpawn) {
    text += ", but that orders nothing for " + b;
  } else if (acquire != nullptr) {
    text += ", but " + b + " had acquired it before that" + evidence.At(acquire->stack) +
            " and not again since";
  } else {
    text += ", but " + b + " did not " + MissingAcquireInWords(evidence, *release) +
            " before its " + access_b;
  }
  text += ".";
  if (releases > 1) {
    text += " " + b + " acquired nothing that " + a + " released after its " + access_a + ".";
  }
  return text;
}

}  // namespace

std::string ExplainRace(const Evidence& evidence) {
  if (evidence.witnesses().size() < 2) return {};
  const RecordedEvent* const later = evidence.witnesses()[0];
  const RecordedEvent* const earlier = evidence.witnesses()[1];
  if (later == nullptr || earlier == nullptr) {
    return "The accesses are to ordinary memory, where ThreadSanitizer saw them: no lock, atomic, "
           "start or join of a thread orders one before the other.";
  }
  return ExplainLocks(evidence, *earlier, *later) + ExplainMissingOrder(evidence, *earlier, *later);
}

}  // namespace heddle::internal
