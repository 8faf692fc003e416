#include "harness/report/finding_builder.h"

#include <algorithm>
#include <set>

#include "harness/report/evidence.h"
#include "harness/report/explain.h"
#include "harness/report/fingerprint.h"
#include "harness/report/interleaving.h"
#include "harness/report/wording.h"

namespace heddle {
namespace {

bool IsAccess(OpKind kind) {
  return EventMask{OpKind::kRead,  OpKind::kWrite, OpKind::kLoad,
                   OpKind::kStore, OpKind::kRmw,   OpKind::kCompareExchange}
      .contains(kind);
}

// "write of 4 bytes to x", "earlier read of 4 bytes from x", "unlock of mutex m".
std::string RoleOf(const Evidence& evidence, size_t index) {
  const Witness& witness = evidence.suspicion().witnesses[index];
  const RecordedEvent* const event = evidence.witnesses()[index];
  if (witness.role == "here") return std::string(NameOf(evidence.suspicion().kind));
  if (event == nullptr) {
    const bool earlier = evidence.suspicion().kind == FindingKind::kDataRace && index > 0;
    return earlier ? "earlier " + witness.role : witness.role;
  }
  if (evidence.suspicion().kind == FindingKind::kDataRace) {
    std::string access =
        IsAccess(event->op.kind) ? DescribeAccess(event->op, evidence.names()) : witness.role;
    return index == 0 ? access : "earlier " + access;
  }
  if (event->op.kind == OpKind::kExit) return "end of the thread";
  const bool plain = event->op.object == kNoObject || event->op.kind == OpKind::kAnnotate ||
                     witness.role != TraitsOf(event->op.kind).name;
  if (plain) return witness.role;
  return DescribeWish(event->op, evidence.names());
}

FindingSide MakeSide(const Evidence& evidence, size_t index) {
  const Witness& witness = evidence.suspicion().witnesses[index];
  const RecordedEvent* const event = evidence.witnesses()[index];
  FindingSide side;
  side.role = RoleOf(evidence, index);
  side.thread = evidence.Thread(event != nullptr ? event->by.thread : witness.thread);
  side.stack = evidence.Frames(evidence.StackOf(witness));
  if (event == nullptr) {
    if (witness.object != kNoObject) side.object = evidence.Object(witness.object);
    return side;
  }
  side.step = event->seq;
  if (event->op.object != kNoObject && event->op.kind != OpKind::kExit) {
    side.object = evidence.Object(event->op.object);
  }
  side.held = evidence.Describe(evidence.history().HeldBefore(event->by.thread, event->seq));
  return side;
}

FindingThread MakeThread(const Evidence& evidence, ThreadId id) {
  const RecordedThread& recorded = evidence.recording().threads[Index(id)];
  FindingThread thread;
  thread.name = evidence.Thread(id);
  if (!recorded.created_at.empty()) thread.created_at = evidence.Frames(recorded.created_at);
  if (recorded.finished) {
    thread.state = "finished";
    thread.held = evidence.Describe(evidence.history().HeldAtEnd(id));
    return thread;
  }
  const auto& events = evidence.recording().events;
  const bool started = std::any_of(events.begin(), events.end(), [&](const RecordedEvent& event) {
    return event.by.thread == id;
  });
  thread.held = evidence.Describe(evidence.history().HeldAtEnd(id));
  if (!recorded.has_pending) {
    thread.state = started ? "running" : "not started";
    for (const RecordedEvent& event : events) {
      if (event.by.thread == id && !event.stack.empty())
        thread.stack = evidence.Frames(event.stack);
    }
    return thread;
  }
  thread.stack = evidence.Frames(recorded.pending_stack);
  const FindingKind kind = evidence.suspicion().kind;
  const bool nobody_can_run = kind == FindingKind::kDeadlock || kind == FindingKind::kStuck;
  if (!nobody_can_run && !evidence.history().IsBlocked(id)) {
    thread.state = "ready";
    return thread;
  }
  thread.state = "blocked";
  const std::vector<ThreadId> holders = evidence.history().WaitsFor(id);
  const bool wants_mutex_back =
      recorded.pending.kind == OpKind::kWake && evidence.history().WakeupOf(id) != nullptr;
  thread.wants = wants_mutex_back
                     ? "lock of " + evidence.names().KindAndName(recorded.pending.second)
                     : DescribeWish(recorded.pending, evidence.names());
  if (!holders.empty()) {
    std::vector<std::string> names;
    for (const ThreadId holder : holders) {
      names.push_back(holder == id ? "itself" : evidence.Thread(holder));
    }
    thread.waits_for = evidence.Thread(holders.front());
    if (recorded.pending.kind == OpKind::kOnceEnter) {
      thread.wants += " (run by " + JoinWords(names) + ")";
    } else if (recorded.pending.kind != OpKind::kJoin) {
      thread.wants += " (held by " + JoinWords(names) + ")";
    }
  }
  return thread;
}

// For a deadlock or stuck execution everybody who has not ended and whoever they wait for; else the
// threads of the witnesses.
std::vector<ThreadId> ThreadsToShow(const Evidence& evidence) {
  std::set<ThreadId> shown;
  const FindingKind kind = evidence.suspicion().kind;
  const auto& threads = evidence.recording().threads;
  for (const Witness& witness : evidence.suspicion().witnesses) {
    if (Index(witness.thread) < threads.size()) shown.insert(witness.thread);
  }
  if (kind == FindingKind::kDeadlock || kind == FindingKind::kStuck ||
      kind == FindingKind::kLivelock || kind == FindingKind::kTimeout ||
      kind == FindingKind::kCrash) {
    for (uint32_t i = 0; i < threads.size(); ++i) {
      if (threads[i].finished) continue;
      shown.insert(ThreadId{i});
      for (const ThreadId holder : evidence.history().WaitsFor(ThreadId{i})) shown.insert(holder);
    }
  }
  // Those at fault first.
  std::vector<ThreadId> order = ThreadsAtFault(evidence);
  for (const ThreadId thread : order) shown.erase(thread);
  order.insert(order.end(), shown.begin(), shown.end());
  return order;
}

ObjectId ObjectOf(const Evidence& evidence) {
  if (evidence.suspicion().object != kNoObject) return evidence.suspicion().object;
  for (const RecordedEvent* event : evidence.witnesses()) {
    if (event != nullptr && event->op.kind != OpKind::kExit) return event->op.object;
  }
  const std::vector<ThreadId> fault = ThreadsAtFault(evidence);
  if (fault.empty()) return kNoObject;
  return evidence.recording().threads[Index(fault.front())].pending.object;
}

// What the values in the shortened interleaving mean.
std::vector<FindingPointer> PointersShown(const Evidence& evidence,
                                          const std::vector<FindingStep>& steps) {
  std::vector<uint64_t> values;
  for (const FindingStep& step : steps) {
    const RecordedEvent* const event = step.matters ? evidence.history().Find(step.step) : nullptr;
    if (event == nullptr) continue;
    for (const uint64_t value : PointerSizedValues(*event, evidence.recording())) {
      values.push_back(value);
    }
  }
  return evidence.names().pointers().Legend(values);
}

}  // namespace

Finding BuildFinding(const Recording& recording, const Suspicion& suspicion, Symbolizer& symbolizer,
                     const FindingContext& context) {
  const Evidence evidence(recording, suspicion, symbolizer);
  Finding finding;
  finding.kind = suspicion.kind;
  finding.fingerprint = FingerprintOf(evidence, context.case_name);
  finding.summary = Summarize(evidence);
  finding.explanation = Explain(evidence);
  if (const ObjectId object = ObjectOf(evidence); object != kNoObject) {
    finding.object = evidence.Object(object);
  }
  finding.case_name = context.case_name;
  finding.confirmed = context.confirmed;
  finding.first_execution = context.first_execution;
  finding.size = context.size;
  for (size_t i = 0; i < suspicion.witnesses.size(); ++i) {
    finding.sides.push_back(MakeSide(evidence, i));
  }
  for (const ThreadId thread : ThreadsToShow(evidence)) {
    finding.threads.push_back(MakeThread(evidence, thread));
  }
  finding.history = internal::CallsOf(evidence);
  finding.interleaving = MakeInterleaving(evidence);
  finding.pointers = PointersShown(evidence, finding.interleaving);
  for (uint32_t i = 0; i < recording.threads.size(); ++i) {
    finding.thread_names.push_back(evidence.Thread(ThreadId{i}));
  }
  finding.schedule = context.schedule;
  finding.replay = context.replay;
  return finding;
}

}  // namespace heddle
