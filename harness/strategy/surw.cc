#include "harness/strategy/surw.h"

#include <algorithm>
#include <string>
#include <utility>

#include "harness/strategy/registry.h"

namespace heddle {

void SurwDecider::Begin(const Plan& plan) {
  random_.Seed(plan.seed);
  names_.Clear();
  uses_.clear();
  threads_.clear();
  left_.clear();
  intended_ = kNoThread;
  profiling_ = plan.data.empty();
  if (profiling_) return;
  const auto first = plan.data.begin() + 1;
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
  if (!profiling_) {
    Meet(point);
    return PickSelectively(point);
  }
  const auto enabled = point.enabled();
  const ThreadId picked = enabled[random_.Below(static_cast<uint32_t>(enabled.size()))];
  Count(picked, point);
  return picked;
}

void SurwDecider::Count(ThreadId thread, const SchedulingPoint& point) {
  const uint32_t name = names_.Of(thread, point);
  const uintptr_t object = point.AddressOf(point.Pending(thread)->object);
  if (object == 0) return;
  for (ObjectUse& use : uses_) {
    if (use.object == object && use.thread == name) {
      ++use.steps;
      return;
    }
  }
  uses_.push_back(ObjectUse{object, name, 1});
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
  if (!profiling_) return;
  record->uses.swap(uses_);
  record->places = names_.places();
}

bool Surw::Next(Plan* plan) {
  plan->prefix.clear();
  plan->sleep.clear();
  plan->data.clear();
  if (executions_++ % kReprofile == 0 || shared_.empty()) return true;
  // Another stream than the decider's, which begins with the same seed.
  Random random(MixSeed(plan->seed, 1));
  std::vector<uint32_t> order(shared_.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  uint32_t count = 1;
  while (count < order.size() && (random.Next() >> 63) == 1) ++count;
  std::vector<uint64_t> steps;
  plan->data.push_back(count);
  for (uint32_t i = 0; i < count; ++i) {
    std::swap(order[i], order[i + random.Below(static_cast<uint32_t>(order.size()) - i)]);
    const Shared& shared = shared_[order[i]];
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
    }
  }
  std::vector<Shared> used;  // by any thread, in order of first use
  for (const ObjectUse& use : uses_) {
    auto object = std::find_if(used.begin(), used.end(), [&](const Shared& candidate) {
      return candidate.object == use.object;
    });
    if (object == used.end()) object = used.insert(used.end(), Shared{use.object, {}});
    if (object->steps.size() <= use.thread) object->steps.resize(use.thread + 1, 0);
    object->steps[use.thread] = use.steps;
  }
  std::erase_if(used, [](const Shared& object) {
    return std::count_if(object.steps.begin(), object.steps.end(),
                         [](uint64_t steps) { return steps > 0; }) < 2;
  });
  shared_ = std::move(used);
}

StrategyProgress Surw::Progress() const {
  StrategyProgress progress;
  progress.note = "selective: " + std::to_string(shared_.size()) + " objects that threads share";
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
