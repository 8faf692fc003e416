#include "harness/strategy/guided.h"

#include <algorithm>
#include <utility>

#include "harness/strategy/bounded_search.h"

namespace heddle {

Guide GuideOf(std::span<const Decision> decisions, ValuesByThread values) {
  Guide guide;
  guide.values = std::move(values);
  std::vector<uint32_t> made;
  ThreadId last = kNoThread;
  for (const Decision decision : decisions) {
    if (!decision.is_pick()) continue;
    const ThreadId thread = decision.thread();
    if (made.size() <= Index(thread)) made.resize(Index(thread) + 1, 0);
    ++made[Index(thread)];
    if (decision.op() == OpKind::kYield && thread == last) {
      guide.unheeded.insert({thread, made[Index(thread)]});
    }
    last = thread;
    if (guide.segments.empty() || guide.segments.back().thread != thread) {
      guide.segments.push_back({thread, 0});
    }
    guide.segments.back().until = made[Index(thread)];
  }
  return guide;
}

StepIdentity IdentityOf(ThreadId thread, const SchedulingPoint& point) {
  const Operation& op = *point.Pending(thread);
  StepIdentity identity{{}, op.kind, op.pc};
  for (ThreadId at = thread; point.Parent(at) != kNoThread; at = point.Parent(at)) {
    identity.path.push_back(point.Ordinal(at));
  }
  return identity;
}

void GuidedDecider::Begin(const Plan&) {
  random_ = Random(guide_.random);
  ordered_steps_.clear();
  position_ = 0;
  made_.clear();
  values_given_.clear();
  broke_an_order_ = false;
}

const StepOrder* GuidedDecider::HeldBy(ThreadId thread) const {
  const auto found =
      std::find_if(guide_.orders.begin(), guide_.orders.end(), [&](const StepOrder& order) {
        return order.then.thread == thread && made_[Index(thread)] + 1 == order.then.step &&
               (Index(order.first.thread) >= made_.size() ||
                made_[Index(order.first.thread)] < order.first.step);
      });
  return found == guide_.orders.end() ? nullptr : &*found;
}

// The thread's next step.
bool GuidedDecider::IsUnheeded(ThreadId thread) const {
  return guide_.unheeded.contains({thread, made_[Index(thread)] + 1});
}

ThreadId GuidedDecider::Choose(const SchedulingPoint& point) {
  const auto may_run = [&](ThreadId thread) {
    return Index(thread) < point.thread_count() &&
           (point.IsEnabled(thread) || (point.MayRun(thread) && IsUnheeded(thread))) &&
           HeldBy(thread) == nullptr;
  };
  for (; position_ < guide_.segments.size(); ++position_) {
    const Segment& segment = guide_.segments[position_];
    if (guide_.fetch && Index(segment.thread) < point.thread_count()) {
      const StepOrder* const order = HeldBy(segment.thread);
      if (order != nullptr && may_run(order->first.thread)) return order->first.thread;
    }
    if (!may_run(segment.thread)) continue;
    if (made_[Index(segment.thread)] < segment.until) return segment.thread;
  }
  const ThreadId plain = guide_.random == 0
                             ? PlainChoice(point)
                             : point.enabled()[random_.Below(point.enabled().size())];
  if (guide_.orders.empty() || may_run(plain)) return plain;
  for (const ThreadId thread : point.enabled()) {
    if (may_run(thread)) return thread;
  }
  broke_an_order_ = true;  // nobody else can run
  return plain;
}

ThreadId GuidedDecider::Pick(const SchedulingPoint& point) {
  if (made_.size() < point.thread_count()) made_.resize(point.thread_count(), 0);
  const ThreadId chosen = Choose(point);
  const ThreadStep step{chosen, ++made_[Index(chosen)]};
  for (const StepOrder& order : guide_.orders) {
    if (order.first == step || order.then == step) {
      ordered_steps_.try_emplace(step, IdentityOf(chosen, point));
    }
  }
  return chosen;
}

uint32_t GuidedDecider::PickValue(const ValueChoice& choice) {
  if (guide_.random != 0) return static_cast<uint32_t>(random_.Below(choice.bound));
  const size_t thread = Index(choice.thread);
  if (thread >= guide_.values.size()) return 0;
  if (values_given_.size() <= thread) values_given_.resize(thread + 1, 0);
  const std::vector<Decision>& values = guide_.values[thread];
  if (values_given_[thread] == values.size()) return 0;
  const Decision wished = values[values_given_[thread]++];
  return wished.choice() == choice.kind && wished.value < choice.bound ? wished.value : 0;
}

}  // namespace heddle
