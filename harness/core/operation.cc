#include "harness/core/operation.h"

namespace heddle {

std::string_view NameOf(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kNone: return "none";
    case ObjectKind::kMutex: return "mutex";
    case ObjectKind::kSharedMutex: return "shared mutex";
    case ObjectKind::kCondVar: return "condition variable";
    case ObjectKind::kSemaphore: return "semaphore";
    case ObjectKind::kBarrier: return "barrier";
    case ObjectKind::kOnce: return "once flag";
    case ObjectKind::kSharedCount: return "shared pointer";
    case ObjectKind::kAtomic: return "atomic";
    case ObjectKind::kVar: return "variable";
    case ObjectKind::kThread: return "thread";
  }
  return "unknown";
}

std::string WithArticle(std::string_view noun) {
  constexpr std::string_view kVowels = "aeio";
  // "Once" begins with the sound of a w.
  const bool vowel = !noun.empty() && !noun.starts_with("once") &&
                     kVowels.find(noun.front()) != std::string_view::npos;
  std::string text = vowel ? "an " : "a ";
  return text.append(noun);
}

std::string_view NameOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDone: return "done";
    case Outcome::kFailed: return "failed";
    case Outcome::kTimedOut: return "timed out";
    case Outcome::kSpurious: return "spurious";
  }
  return "unknown";
}

std::string_view NameOf(MemoryOrder order) {
  switch (order) {
    case MemoryOrder::relaxed: return "relaxed";
    case MemoryOrder::consume: return "consume";
    case MemoryOrder::acquire: return "acquire";
    case MemoryOrder::release: return "release";
    case MemoryOrder::acq_rel: return "acq_rel";
    case MemoryOrder::seq_cst: return "seq_cst";
  }
  return "unknown";
}

std::string_view NameOf(Annotation annotation) {
  switch (annotation) {
    case Annotation::kAtomicBlockBegin: return "atomic block begins";
    case Annotation::kAtomicBlockEnd: return "atomic block ends";
    case Annotation::kPoolAcquire: return "pool acquire";
    case Annotation::kPoolRelease: return "pool release";
    case Annotation::kChannelSend: return "channel send";
    case Annotation::kChannelReceive: return "channel receive";
    case Annotation::kChannelClose: return "channel close";
    case Annotation::kTaskBegin: return "task begins";
    case Annotation::kTaskEnd: return "task ends";
    case Annotation::kLeavesQueue: return "leaves the queue of";
    case Annotation::kFailure: return "failure";
    case Annotation::kNotJudged: return "history of calls not judged";
  }
  return "unknown";
}

}  // namespace heddle
