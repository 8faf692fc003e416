#include "harness/explore/order_finder.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "harness/core/call_history.h"
#include "harness/strategy/replay.h"

namespace heddle {
namespace {

// More are not looked at: a report that needs so many explains nothing.
constexpr size_t kMostPairs = 400;
// Steps that may have come too early.
constexpr size_t kMostPutOff = 20;
// A value that is one of more than these is not looked at.
constexpr uint32_t kMostValues = 8;
// Random schedules with an order that matters reversed, within these limits; for all orders
// together one of so many that may be made still.
constexpr uint64_t kLeastSamples = 20;
constexpr uint64_t kMostSamples = 500;
constexpr uint64_t kShareOfSamples = 4;

bool OnlyReads(OpKind kind) {
  return kind == OpKind::kLoad || kind == OpKind::kRead || kind == OpKind::kPhaseWait ||
         kind == OpKind::kLockShared || kind == OpKind::kUnlockShared;
}

// Operations whose order with others a schedule cannot change, or that tell nothing. An unlock that
// begins no step comes right after the one before it.
bool IsLeftOut(OpKind kind, bool unlock_is_point) {
  switch (kind) {
    case OpKind::kUnlock:
    case OpKind::kUnlockShared:
      return !unlock_is_point;
    case OpKind::kSpawn:
    case OpKind::kStart:
    case OpKind::kExit:
    case OpKind::kDetach:
    case OpKind::kYield:
    case OpKind::kSleep:
    case OpKind::kCreate:
    case OpKind::kChoose:
    case OpKind::kAnnotate:
    case OpKind::kAlloc:
    case OpKind::kFree:
    case OpKind::kFence:
      return true;
    default:
      return false;
  }
}

}  // namespace

// Notes what each step of an execution does.
class OrderFinder::Collector final : public EventSink, public Decider {
 public:
  Collector(Decider* inner, bool unlock_is_point)
      : inner_(inner), unlock_is_point_(unlock_is_point) {}

  EventMask Wants() const override { return EventMask::All(); }
  void OnEvent(const Event& event) override {
    if (event.by.thread == running_) Note(*event.op, event.seq);
    if (event.op->kind != OpKind::kAnnotate) NoteChosen(event);
  }

  void Begin(const Plan& plan) override { inner_->Begin(plan); }
  ThreadId Pick(const SchedulingPoint& point) override {
    running_ = inner_->Pick(point);
    NoteClock(point, running_);
    if (made_.size() < point.thread_count()) made_.resize(point.thread_count(), 0);
    ++made_[Index(running_)];
    steps_.emplace(ThreadStep{running_, made_[Index(running_)]}, IdentityOf(running_, point));
    NotePending(point, /*of_running=*/false);
    return running_;
  }
  uint32_t PickValue(const ValueChoice& choice) override {
    const uint32_t value = inner_->PickValue(choice);
    const size_t n = values_[choice.thread]++;
    if (value != 0) chosen_.push_back({{{choice.thread, 0}, 0}, n, value, choice.bound});
    return value;
  }
  bool WantsEveryStep() const override { return true; }

  EventSink* Events() override { return this; }
  // The thread that ran last has something to do, too, but cannot.
  void Stuck(const SchedulingPoint& point) override { NotePending(point, /*of_running=*/true); }

  // With what the threads were waiting to do at the last step.
  std::vector<Access> Take() {
    for (const Waiting& waiting : pending_) {
      if (IsLeftOut(waiting.op.kind, unlock_is_point_)) continue;
      running_ = waiting.thread;
      steps_.emplace(ThreadStep{running_, ++made_[Index(running_)]}, waiting.identity);
      Note(waiting.op, 0);
    }
    return std::move(accesses_);
  }
  const std::map<ThreadStep, StepIdentity>& steps() const { return steps_; }
  const std::vector<Chosen>& chosen() const { return chosen_; }
  // The threads that had something left to do, other than the one that ran last.
  std::vector<ThreadId> Unfinished() const {
    std::vector<ThreadId> threads;
    for (const Waiting& waiting : pending_) threads.push_back(waiting.thread);
    return threads;
  }

 private:
  struct Waiting {
    ThreadId thread;
    Operation op;
    StepIdentity identity;
  };

  void NotePending(const SchedulingPoint& point, bool of_running) {
    pending_.clear();
    for (uint32_t i = 0; i < point.thread_count(); ++i) {
      const ThreadId thread{i};
      const Operation* const op = point.Pending(thread);
      if (op == nullptr || (thread == running_ && !of_running)) continue;
      NoteClock(point, thread);
      pending_.push_back({thread, *op, IdentityOf(thread, point)});
    }
  }
  // What a history of calls tells its order by is none of the program's steps.
  void NoteClock(const SchedulingPoint& point, ThreadId thread) {
    const ObjectId object = point.Pending(thread)->object;
    const char* const name = object == kNoObject ? nullptr : point.DeclaredName(object);
    if (name != nullptr && std::string_view(name) == kCallClock) clocks_.insert(object);
  }
  void Note(const Operation& op, EventSeq seq) {
    if (IsLeftOut(op.kind, unlock_is_point_) || clocks_.contains(op.object)) return;
    const ThreadStep step{running_, made_[Index(running_)]};
    accesses_.push_back({step, seq, op.object, OnlyReads(op.kind)});
    if (op.second != kNoObject) accesses_.push_back({step, seq, op.second, false});
  }

  // What was chosen for a thread shows in what it does next.
  void NoteChosen(const Event& event) {
    for (Chosen& chosen : chosen_) {
      if (chosen.at.event == 0 && chosen.at.step.thread == event.by.thread) {
        chosen.at.event = event.seq;
      }
    }
  }

  Decider* const inner_;
  const bool unlock_is_point_;
  ThreadId running_ = kNoThread;
  std::vector<uint32_t> made_;
  std::vector<Waiting> pending_;
  std::map<ThreadStep, StepIdentity> steps_;
  std::set<ObjectId> clocks_;
  std::vector<Access> accesses_;
  std::map<ThreadId, size_t> values_;  // how many were chosen
  std::vector<Chosen> chosen_;
};

// All pairs of conflicting steps of different threads; of many, those that no other step lies
// between: the last of each other thread before a step.
std::vector<FoundOrder> OrderFinder::Candidates(const std::vector<Access>& accesses,
                                                bool only_nearest) const {
  std::map<StepOrder, FoundOrder> found;
  for (size_t i = 0; i < accesses.size() && found.size() <= kMostPairs; ++i) {
    const Access& then = accesses[i];
    std::set<ThreadId> seen;
    for (size_t j = i; j-- > 0;) {
      const Access& first = accesses[j];
      if (first.object != then.object || (first.reads && then.reads)) continue;
      if (first.step.thread == then.step.thread) {
        if (only_nearest) break;
        continue;
      }
      if (!seen.insert(first.step.thread).second && only_nearest) continue;
      found.try_emplace({first.step, then.step},
                        FoundOrder{{first.step, first.event}, {then.step, then.event}});
    }
  }
  std::vector<FoundOrder> orders;
  for (const auto& [steps, order] : found) orders.push_back(order);
  const auto place = [](const OrderedStep& step) { return step.event - 1; };  // 0 comes last
  std::sort(orders.begin(), orders.end(), [&](const FoundOrder& a, const FoundOrder& b) {
    return std::pair(place(a.then), place(a.first)) < std::pair(place(b.then), place(b.first));
  });
  return orders;
}

// The orders that do not follow from others and the orders of each thread's own steps.
std::vector<FoundOrder> OrderFinder::WithoutImplied(std::vector<FoundOrder> orders) const {
  const auto is_no_later = [](const OrderedStep& a, const OrderedStep& b) {
    return a.step.thread == b.step.thread && a.step.step <= b.step.step;
  };
  const auto follows_from_others = [&](size_t order) {
    std::vector<bool> used(orders.size(), false);
    used[order] = true;
    std::vector<OrderedStep> reached = {orders[order].first};
    while (!reached.empty()) {
      const OrderedStep step = reached.back();
      reached.pop_back();
      for (size_t i = 0; i < orders.size(); ++i) {
        if (used[i] || !is_no_later(step, orders[i].first)) continue;
        if (is_no_later(orders[i].then, orders[order].then)) return true;
        used[i] = true;
        reached.push_back(orders[i].then);
      }
    }
    return false;
  };
  for (size_t i = orders.size(); i-- > 0;) {
    if (follows_from_others(i)) orders.erase(orders.begin() + static_cast<ptrdiff_t>(i));
  }
  return orders;
}

OrderFinder::Reversed OrderFinder::Reverse(const FoundOrder& order, Guide guide,
                                           const std::map<ThreadStep, StepIdentity>& steps) {
  guide.orders = {{order.then.step, order.first.step}};
  guided_.SetGuide(std::move(guide));
  runner_->Run(guided_, Plan{});
  const auto is_same = [&](const OrderedStep& ordered) {
    const auto made = guided_.ordered_steps().find(ordered.step);
    return made != guided_.ordered_steps().end() && made->second == steps.at(ordered.step);
  };
  if (guided_.broke_an_order() || !is_same(order.then)) return Reversed::kImpossible;
  // What shows before the first step has been made does not take it.
  const bool shows = MayShow();
  const bool is_made = guided_.ordered_steps().contains(order.first.step);
  if (is_made ? !is_same(order.first) : !shows) return Reversed::kImpossible;
  return shows ? Reversed::kShows : Reversed::kDoesNotShow;
}

bool OrderFinder::MayShow() {
  return sought_.IsAmong(runner_->raised()) ||
         sought_.AddDoubts(runner_->raised(), runner_->log(), &doubtful_);
}

void OrderFinder::FindEarly(const std::vector<Access>& accesses,
                            const std::vector<ThreadId>& unfinished, Guide guide,
                            const std::map<ThreadStep, StepIdentity>& steps, FoundOrders* found) {
  if (unfinished.empty()) return;
  constexpr uint32_t kNever = std::numeric_limits<uint32_t>::max();
  std::set<ThreadStep> tried;
  for (size_t i = accesses.size(); i-- > 0 && tried.size() < kMostPutOff && MayGoOn();) {
    const OrderedStep made{accesses[i].step, accesses[i].event};
    if (made.event == 0 || !tried.insert(made.step).second) continue;
    const bool is_other = unfinished.front() != made.step.thread;
    if (!is_other && unfinished.size() == 1) continue;
    guide.orders = {{{is_other ? unfinished.front() : unfinished.back(), kNever}, made.step}};
    guided_.SetGuide(guide);
    runner_->Run(guided_, Plan{});
    const auto put_off = guided_.ordered_steps().find(made.step);
    if (put_off == guided_.ordered_steps().end() || put_off->second != steps.at(made.step) ||
        MayShow()) {
      continue;
    }
    found->early = made;
    found->behind = unfinished.size() == 1 ? unfinished.front() : kNoThread;
    return;
  }
}

bool OrderFinder::IsNeeded(const Chosen& chosen, Guide guide) {
  if (chosen.at.event == 0 || chosen.bound > kMostValues) return false;
  uint32_t& value = guide.values[Index(chosen.at.step.thread)][chosen.n].value;
  for (value = 0; value < chosen.bound; ++value) {
    if (value == chosen.value) continue;
    if (!MayGoOn()) return false;
    guided_.SetGuide(guide);
    runner_->Run(guided_, Plan{});
    if (MayShow()) return false;
  }
  return true;
}

// Or may: it was not tried to the end.
bool OrderFinder::ShowsElsewhere(const std::vector<FoundOrder>& orders,
                                 const std::map<ThreadStep, StepIdentity>& steps) {
  if (orders.empty()) return false;
  const uint64_t made = runner_->executions() - begin_;
  const uint64_t left = most_executions_ - std::min(made, most_executions_);
  const uint64_t samples =
      std::clamp(left / kShareOfSamples / orders.size(), kLeastSamples, kMostSamples);
  for (const FoundOrder& order : orders) {
    Guide chance;
    for (chance.random = 1; chance.random <= samples; ++chance.random) {
      if (!MayGoOn() || Reverse(order, chance, steps) == Reversed::kShows) return true;
    }
  }
  return false;
}

FoundOrders OrderFinder::Find(std::span<const Decision> failing) {
  FoundOrders result;
  begin_ = runner_->executions();
  ReplayDecider replay({failing.begin(), failing.end()});
  Collector collector(&replay, runner_->unlock_is_point());
  runner_->Run(collector, Plan{});
  if (replay.divergence() || !sought_.IsAmong(runner_->raised())) return result;
  const std::vector<Access> accesses = collector.Take();
  std::vector<FoundOrder> candidates = Candidates(accesses, /*only_nearest=*/false);
  if (candidates.size() > kMostPairs) candidates = Candidates(accesses, /*only_nearest=*/true);
  if (candidates.size() > kMostPairs) {
    result.ended = FoundOrders::End::kTooMany;
    return result;
  }
  Guide guide = GuideOf(failing, runner_->values());
  std::vector<FoundOrder> may_matter;
  for (size_t i = 0; i < candidates.size() && MayGoOn(); ++i) {
    const Reversed reversed = Reverse(candidates[i], guide, collector.steps());
    if (reversed != Reversed::kImpossible) ++result.tried;
    if (reversed == Reversed::kDoesNotShow) may_matter.push_back(candidates[i]);
  }
  // What was left out for the sake of an order that does not matter comes back; it needs a proof of
  // its own.
  std::set<StepOrder> looked_at;
  bool changed = true;
  guide.fetch = true;
  for (bool again = false; changed && MayGoOn(); again = true) {
    changed = false;
    result.orders = WithoutImplied(may_matter);
    for (const FoundOrder& order : result.orders) {
      const StepOrder steps{order.first.step, order.then.step};
      if (!MayGoOn() || !looked_at.insert(steps).second) continue;
      const Reversed reversed = Reverse(order, guide, collector.steps());
      if (reversed == Reversed::kShows || (again && reversed == Reversed::kImpossible)) {
        std::erase_if(may_matter, [&](const FoundOrder& other) {
          return steps == StepOrder{other.first.step, other.then.step};
        });
        changed = true;
      }
    }
  }
  if (!MayGoOn()) {
    result.ended = runner_->hung() ? FoundOrders::End::kHung : FoundOrders::End::kBudget;
    result.orders.clear();
    return result;
  }
  if (result.orders.empty()) {
    FindEarly(accesses, collector.Unfinished(), guide, collector.steps(), &result);
  }
  for (const Chosen& chosen : collector.chosen()) {
    if (IsNeeded(chosen, guide)) result.choices.push_back(chosen.at);
  }
  result.shows_elsewhere = ShowsElsewhere(result.orders, collector.steps());
  Guide kept;
  for (const FoundOrder& order : result.orders) {
    kept.orders.push_back({order.first.step, order.then.step});
  }
  kept.values = guide.values;
  kept.unheeded = guide.unheeded;
  guided_.SetGuide(std::move(kept));
  if (!runner_->hung()) {
    runner_->Run(guided_, Plan{});
    result.sufficient = MayShow();
  }
  result.doubtful = std::move(doubtful_);
  return result;
}

}  // namespace heddle
