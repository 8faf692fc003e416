#include "harness/detect/avio.h"

#include <algorithm>
#include <string>

#include "harness/core/random.h"

namespace heddle {

EventMask AvioDetector::Wants() const {
  return {OpKind::kRead, OpKind::kWrite,           OpKind::kLoad,  OpKind::kStore,
          OpKind::kRmw,  OpKind::kCompareExchange, OpKind::kSpawn, OpKind::kJoin};
}

void AvioDetector::Begin(SuspicionSink* sink) {
  sink_ = sink;
  phases_.Clear();
  sites_.Clear();
  pairs_.Clear();
  reported_.clear();
}

size_t AvioDetector::RankOf(uintptr_t pc, ThreadId thread) {
  std::vector<uintptr_t>& sites =
      sites_.At(Index(thread), [](std::vector<uintptr_t>& value) { value.clear(); });
  const auto it = std::find(sites.begin(), sites.end(), pc);
  const auto rank = static_cast<size_t>(it - sites.begin());
  if (it == sites.end()) sites.push_back(pc);
  return rank;
}

void AvioDetector::OnEvent(const Event& event) {
  const Operation& op = *event.op;
  uint32_t& phase = phases_.At(Index(event.by.thread));
  if (op.kind == OpKind::kSpawn || op.kind == OpKind::kJoin) {
    ++phase;
    return;
  }
  const bool failed = event.by.outcome != Outcome::kDone;
  const Access now{event.seq, op.pc, RankOf(op.pc, event.by.thread), event.by.thread,
                   op.kind != OpKind::kRead && op.kind != OpKind::kLoad};
  std::vector<Pair>& pairs =
      pairs_.At(Index(op.object), [](std::vector<Pair>& value) { value.clear(); });
  Pair* own = nullptr;
  for (Pair& pair : pairs) {
    if (pair.local.thread == now.thread) {
      own = &pair;
    } else if (!failed) {
      Access& remote = now.is_write ? pair.remote_write : pair.remote_read;
      if (remote.seq == 0) remote = now;
    }
  }
  if (own == nullptr) {
    if (!failed) pairs.push_back(Pair{now, phase, {}, {}});
    return;
  }
  if (!failed && own->phase == phase && own->local.seq != 0 && own->local.rank < now.rank) {
    const bool both_write = own->local.is_write && now.is_write;
    const Access& remote = both_write ? own->remote_read : own->remote_write;
    if (remote.seq != 0) ReportPair(*own, remote, now, op.object);
  }
  *own = Pair{now, phase, {}, {}};
  if (failed) own->local.seq = 0;
}

void AvioDetector::ReportPair(const Pair& pair, const Access& remote, const Access& now,
                              ObjectId object) {
  const uint64_t key = MixSeed(MixSeed(static_cast<uint64_t>(FindingKind::kAtomicity), remote.pc),
                               pair.local.pc, now.pc);
  if (std::find(reported_.begin(), reported_.end(), key) != reported_.end()) return;
  reported_.push_back(key);
  const auto name = [](const Access& access) { return access.is_write ? "write" : "read"; };
  Suspicion suspicion;
  suspicion.kind = FindingKind::kAtomicity;
  suspicion.key = key;
  suspicion.object = object;
  suspicion.message = std::string("a ") + name(remote) + " of another thread came between a " +
                      name(pair.local) + " and a " + name(now) +
                      " that look like one activity (low confidence: no AtomicBlock says so)";
  for (const Access* access : {&pair.local, &remote, &now}) {
    suspicion.witnesses.push_back(
        Witness{name(*access), access->thread, access->seq, object, 0, {}, 0});
  }
  sink_->Report(std::move(suspicion));
}

}  // namespace heddle
