#include "harness/strategy/surw.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "harness/model/dependence.h"
#include "harness/strategy/registry.h"

namespace heddle {
namespace {

// Steps on a thread's object, which come in one order only: its start, its end, the joins.
constexpr EventMask kOrderedAnyway = {OpKind::kStart, OpKind::kJoin, OpKind::kYield,
                                      OpKind::kSleep};

}  // namespace

void SurwDecider::Begin(const Plan& plan) {
  random_.Seed(plan.seed);
  names_.Clear();
  uses_.clear();
  threads_.clear();
  left_.clear();
  intended_ = kNoThread;
  steering_ = !plan.data.empty();
  counting_ = !steering_ || plan.data[1] != 0;
  if (!steering_) return;
  const auto first = plan.data.begin() + 2;
  auto next = first + static_cast<ptrdiff_t>(plan.data[0]);
  objects_.assign(first, next);
  planned_.clear();
  for (; next != plan.data.end(); next += 3) {
    if (!planned_.empty()) {
      names_.Child(static_cast<uint32_t>(next[0]), static_cast<uint32_t>(next[1]));
    }
    planned_.push_back(next[2]);
  }
  for (size_t name = planned_.size(); name-- > 1;) {
    planned_[names_.places()[name].parent] += planned_[name];
  }
}

ThreadId SurwDecider::Pick(const SchedulingPoint& point) {
  ThreadId picked;
  if (steering_) {
    Meet(point);
    picked = PickSelectively(point);
  } else {
    const auto enabled = point.enabled();
    picked = enabled[random_.Below(static_cast<uint32_t>(enabled.size()))];
  }
  if (counting_) Count(picked, point);
  return picked;
}

void SurwDecider::Count(ThreadId thread, const SchedulingPoint& point) {
  const uint32_t name = names_.Of(thread, point);
  const Operation& op = *point.Pending(thread);
  const uintptr_t object = point.AddressOf(op.object);
  if (object == 0 || kOrderedAnyway.contains(op.kind)) return;
  const Footprint footprint = FootprintOf(op, true);
  const uint32_t changes = (footprint.changes() | footprint.adds()) != 0 ? 1 : 0;
  for (ObjectUse& use : uses_) {
    if (use.object == object && use.thread == name) {
      ++use.steps;
      use.changes += changes;
      return;
    }
  }
  uses_.push_back(ObjectUse{object, name, 1, changes});
}

// Threads that have been started since the last step take their shares.
void SurwDecider::Meet(const SchedulingPoint& point) {
  while (threads_.size() < point.thread_count()) {
    const ThreadId thread{static_cast<uint32_t>(threads_.size())};
    const uint32_t name = names_.Of(thread, point);
    uint64_t share = name < planned_.size() ? planned_[name] : 0;
    if (const ThreadId parent = point.Parent(thread); parent != kNoThread) {
      uint64_t& whole = left_[Index(parent)];
      share = std::min(share, whole);
      if (intended_ == parent && random_.Below(static_cast<uint32_t>(whole)) < share) {
        intended_ = thread;
      }
      whole -= share;
    }
    threads_.push_back(thread);
    left_.push_back(share);
  }
}

bool SurwDecider::IsInteresting(ThreadId thread, const SchedulingPoint& point) const {
  const uintptr_t object = point.AddressOf(point.Pending(thread)->object);
  return std::find(objects_.begin(), objects_.end(), object) != objects_.end();
}

ThreadId SurwDecider::PickSelectively(const SchedulingPoint& point) {
  if (intended_ == kNoThread || left_[Index(intended_)] == 0) intended_ = Draw(threads_, 0);
  candidates_.clear();
  for (const ThreadId thread : point.enabled()) {
    if (thread == intended_ || !IsInteresting(thread, point)) candidates_.push_back(thread);
  }
  if (candidates_.empty()) {
    intended_ = Draw(point.enabled(), 1);
    candidates_.push_back(intended_);
  }
  const ThreadId picked = candidates_[random_.Below(static_cast<uint32_t>(candidates_.size()))];
  if (IsInteresting(picked, point)) {
    uint64_t& left = left_[Index(picked)];
    left -= left > 0 ? 1 : 0;
    intended_ = kNoThread;
  }
  return picked;
}

// One of `threads`, in proportion to what each has before it, but at least `least`; kNoThread if
// none has anything.
ThreadId SurwDecider::Draw(std::span<const ThreadId> threads, uint64_t least) {
  const auto weight = [&](ThreadId thread) { return std::max(left_[Index(thread)], least); };
  uint64_t total = 0;
  for (const ThreadId thread : threads) total += weight(thread);
  if (total == 0) return kNoThread;
  uint64_t drawn = random_.Below(static_cast<uint32_t>(total));
  for (const ThreadId thread : threads) {
    if (drawn < weight(thread)) return thread;
    drawn -= weight(thread);
  }
  return kNoThread;
}

void SurwDecider::End(ExecutionRecord* record) {
  if (!counting_) return;
  record->uses.swap(uses_);
  record->places = names_.places();
}

bool Surw::Next(Plan* plan) {
  plan->prefix.clear();
  plan->sleep.clear();
  plan->data.clear();
  const uint64_t execution = executions_++;
  if (execution % kReprofile == 0 || shared_.empty()) return true;
  // Another stream than the decider's, which begins with the same seed.
  Random random(MixSeed(plan->seed, 1));
  std::vector<const Shared*> left;
  uint32_t weights = 0;  // of those left
  for (const Shared& shared : shared_) {
    left.push_back(&shared);
    weights += shared.weight;
  }
  uint32_t count = 1;
  while (count < left.size() && (random.Next() >> 63) == 1) ++count;
  std::vector<uint64_t> steps;
  plan->data = {count, execution < kAlsoCounted ? 1u : 0u};
  for (uint32_t i = 0; i < count; ++i) {
    auto drawn = left.begin();
    for (uint32_t at = random.Below(weights); at >= (*drawn)->weight; ++drawn) {
      at -= (*drawn)->weight;
    }
    const Shared& shared = **drawn;
    left.erase(drawn);
    weights -= shared.weight;
    plan->data.push_back(shared.object);
    if (steps.size() < shared.steps.size()) steps.resize(shared.steps.size(), 0);
    for (size_t name = 0; name < shared.steps.size(); ++name) steps[name] += shared.steps[name];
  }
  for (size_t name = 0; name < names_.places().size(); ++name) {
    const ThreadPlace& place = names_.places()[name];
    plan->data.insert(plan->data.end(),
                      {place.parent, place.ordinal, name < steps.size() ? steps[name] : 0});
  }
  return true;
}

void Surw::Learn(const Plan&, const ExecutionRecord& record) {
  if (record.uses.empty()) return;
  std::vector<uint32_t> known_as = {ThreadNames::kMain};  // by the record's names
  for (size_t name = 1; name < record.places.size(); ++name) {
    const ThreadPlace& place = record.places[name];
    known_as.push_back(names_.Child(known_as[place.parent], place.ordinal));
  }
  for (ObjectUse seen : record.uses) {
    seen.thread = known_as[seen.thread];
    const auto known = std::find_if(uses_.begin(), uses_.end(), [&](const ObjectUse& use) {
      return use.object == seen.object && use.thread == seen.thread;
    });
    if (known == uses_.end()) {
      uses_.push_back(seen);
    } else {
      known->steps = std::max(known->steps, seen.steps);
      known->changes = std::max(known->changes, seen.changes);
    }
  }
  FindShared();
}

void Surw::FindShared() {
  struct Used {
    Shared object;
    uint64_t steps = 0;
    uint64_t changes = 0;
    uint64_t pairs = 0;  // of operations of different threads that conflict
  };
  std::vector<Used> used;  // by any thread, in order of first use
  for (const ObjectUse& use : uses_) {
    auto known = std::find_if(used.begin(), used.end(), [&](const Used& candidate) {
      return candidate.object.object == use.object;
    });
    if (known == used.end()) known = used.insert(used.end(), Used{{use.object, 0, {}}});
    known->pairs += use.changes * known->steps + (use.steps - use.changes) * known->changes;
    known->steps += use.steps;
    known->changes += use.changes;
    std::vector<uint64_t>& steps = known->object.steps;
    if (steps.size() <= use.thread) steps.resize(use.thread + 1, 0);
    steps[use.thread] = use.steps;
  }
  shared_.clear();
  for (Used& object : used) {
    if (object.pairs == 0) continue;
    object.object.weight = static_cast<uint32_t>(std::bit_width(object.pairs));
    shared_.push_back(std::move(object.object));
  }
}

StrategyProgress Surw::Progress() const {
  StrategyProgress progress;
  progress.note = "selective: " + std::to_string(shared_.size()) +
                  (shared_.size() == 1 ? " object" : " objects") + " that threads share";
  return progress;
}

StrategyInfo DescribeSurw() {
  return {.name = "surw",
          .summary = "every order of the operations on a few shared objects equally likely (SURW, "
                     "ASPLOS 2025)",
          .make = [](std::span<const uint64_t>) -> std::unique_ptr<Strategy> {
            return std::make_unique<Surw>();
          }};
}

}  // namespace heddle
