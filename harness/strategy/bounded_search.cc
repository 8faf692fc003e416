#include "harness/strategy/bounded_search.h"

#include <algorithm>
#include <utility>

#include "harness/strategy/tree_size.h"

namespace heddle {

ThreadId PlainChoice(const SchedulingPoint& point) {
  if (point.running_enabled()) return point.running();
  const uint32_t threads = point.thread_count();
  const uint32_t running = point.running() == kNoThread ? threads - 1 : Index(point.running());
  const auto places_behind = [&](ThreadId thread) {
    return (Index(thread) + threads - running - 1) % threads;
  };
  return *std::min_element(
      point.enabled().begin(), point.enabled().end(),
      [&](ThreadId a, ThreadId b) { return places_behind(a) < places_behind(b); });
}

void BoundedDecider::Begin(const Plan& plan) {
  prefix_ = plan.prefix;
  position_ = 0;
  steps_ = 0;
  diverged_ = false;
  branches_.clear();
  alternatives_.clear();
  prices_.clear();
}

void BoundedDecider::Diverge() {
  diverged_ = true;
  position_ = prefix_.size();
}

ThreadId BoundedDecider::Pick(const SchedulingPoint& point) {
  ++steps_;
  if (point.runnable().size() == 1) return point.runnable()[0];
  if (position_ < prefix_.size()) {
    const Decision planned = prefix_[position_++];
    if (planned.is_pick() && Index(planned.thread()) < point.thread_count() &&
        point.MayRun(planned.thread()) &&
        point.Pending(planned.thread())->kind == planned.op()) {
      return planned.thread();
    }
    Diverge();
  }
  const ThreadId chosen = PlainChoice(point);
  if (!diverged_) RecordPick(point, chosen);
  return chosen;
}

// Threads that are symmetric lie side by side; those that have begun are the first of them, so that
// the first of the others to be met is the next to begin.
void BoundedDecider::LeaveOutSymmetric(const SchedulingPoint& point) {
  ThreadId last = kNoThread;
  std::erase_if(order_, [&](ThreadId thread) {
    if (point.Pending(thread)->kind != OpKind::kStart) return false;
    const ThreadId first = point.SymmetricTo(thread);
    return first != kNoThread && std::exchange(last, first) == first;
  });
}

void BoundedDecider::RecordPick(const SchedulingPoint& point, ThreadId chosen) {
  order_.assign(point.runnable().begin(), point.runnable().end());
  if (!std::is_sorted(order_.begin(), order_.end())) std::sort(order_.begin(), order_.end());
  std::rotate(order_.begin(), std::lower_bound(order_.begin(), order_.end(), chosen), order_.end());
  if (price_.same_for_symmetric) LeaveOutSymmetric(point);
  BranchPoint branch;
  branch.chosen = Decision::Pick(chosen, point.Pending(chosen)->kind);
  branch.first_alternative = static_cast<uint32_t>(alternatives_.size());
  branch.options = static_cast<uint32_t>(order_.size());
  for (uint32_t skipped = 1; skipped < order_.size(); ++skipped) {
    const ThreadId thread = order_[skipped];
    alternatives_.push_back(Decision::Pick(thread, point.Pending(thread)->kind));
    prices_.push_back(price_.of(point, skipped));
  }
  branches_.push_back(branch);
}

uint32_t BoundedDecider::PickValue(const ValueChoice& choice) {
  if (choice.own == 1) return 0;
  if (position_ < prefix_.size()) {
    const Decision planned = prefix_[position_++];
    if (planned.is_value && planned.choice() == choice.kind && planned.value < choice.own) {
      return planned.value;
    }
    Diverge();
  }
  if (diverged_) return 0;
  BranchPoint branch;
  branch.chosen = Decision::Value(choice.kind, 0, choice.own);
  branch.options = choice.own;
  branches_.push_back(branch);
  return 0;
}

void BoundedDecider::End(ExecutionRecord* record) {
  record->diverged = diverged_ || position_ < prefix_.size();
  record->undecided = record->steps > steps_;
  record->branches.swap(branches_);
  record->alternatives.swap(alternatives_);
  record->prices.swap(prices_);
}

std::unique_ptr<Decider> BoundedSearch::MakeDecider() const {
  return std::make_unique<BoundedDecider>(price_);
}

bool BoundedSearch::NextFree() {
  if (free_.empty()) return false;
  FreeBranch& next = free_.back();
  path_.resize(next.length);
  path_.push_back(next.next);
  if (next.next.is_value && next.next.value + 1 < next.values_end) {
    ++next.next.value;
  } else {
    free_.pop_back();
  }
  return true;
}

// What was put off, cheapest first.
bool BoundedSearch::NextRoot() {
  if (!std::exchange(started_, true)) {
    ++rest_.roots;
    return true;
  }
  while (rest_.here.empty()) {
    if (rest_.is_part) return false;
    CutToLimits();
    if (!rest_.GoOn(limits_)) return false;
  }
  const RootList::Root& root = *rest_.here.Take();
  path_ = root.decisions;
  const Decision last = path_.back();
  if (last.is_value && last.value + 1 < root.values_end) {
    FreeBranch others{static_cast<uint32_t>(path_.size() - 1), root.values_end, last};
    ++others.next.value;
    free_.push_back(others);
  }
  ++rest_.roots;
  return true;
}

bool BoundedSearch::Next(Plan* plan) {
  if (finished_ || (rest_.is_part && rest_.memory >= kMostOfAPart)) return false;
  if (!NextFree() && !NextRoot()) {
    finished_ = !rest_.is_part;
    return false;
  }
  plan->prefix = path_;
  plan->sleep.clear();
  return true;
}

void BoundedSearch::Learn(const Plan&, const ExecutionRecord& record) {
  ++executions_;
  rest_.steps += record.steps;
  if (record.diverged || record.undecided || record.end == ExecutionEnd::kLost ||
      record.end == ExecutionEnd::kStepLimit) {
    LeaveOut(rest_.price);
  }
  const size_t planned = path_.size();
  for (const BranchPoint& branch : record.branches) path_.push_back(branch.chosen);
  for (size_t i = 0; i < record.branches.size(); ++i) {
    AddFree(record.branches[i], static_cast<uint32_t>(planned + i), record);
    PutOffTheCostly(record.branches[i], static_cast<uint32_t>(planned + i), record);
  }
  // Not always at once, since it takes to look at all that there is.
  if (rest_.memory > limits_.memory + limits_.memory / 4 || rest_.reachable >= limits_.executions) {
    CutToLimits();
  }
}

void BoundedSearch::AddFree(const BranchPoint& branch, uint32_t length,
                            const ExecutionRecord& record) {
  if (!branch.chosen.is_pick()) {
    if (branch.options == 1) return;
    FreeBranch others{length, branch.options, branch.chosen};
    ++others.next.value;
    free_.push_back(others);
    return;
  }
  for (uint32_t option = branch.options - 1; option-- > 0;) {
    const uint32_t index = branch.first_alternative + option;
    if (record.prices[index] > 0) continue;
    free_.push_back(FreeBranch{length, 0, record.alternatives[index]});
  }
}

void BoundedSearch::PutOffTheCostly(const BranchPoint& branch, uint32_t length,
                                    const ExecutionRecord& record) {
  if (!branch.chosen.is_pick()) return;
  for (uint32_t option = 0; option + 1 < branch.options; ++option) {
    const uint32_t index = branch.first_alternative + option;
    if (record.prices[index] == 0) continue;
    const uint32_t price = rest_.price + record.prices[index];
    if (price > bound_ ||
        !rest_.PutOff(price, executions_, path_, length, record.alternatives[index])) {
      LeaveOut(price);
    }
  }
}

void BoundedSearch::CutToLimits() {
  rest_.CutTo(limits_);
  LeaveOut(rest_.closed_from);
}

uint32_t BoundedSearch::CompleteBelow() const {
  return std::min(finished_ ? kNever : rest_.price, incomplete_from_);
}

StrategyProgress BoundedSearch::Progress() const {
  StrategyProgress progress;
  progress.exhausted = finished_ && incomplete_from_ == kNever;
  if (progress.exhausted) progress.share_done = 1.0;
  progress.note = std::string(price_.strategy) + ": " + CountedExecutions(executions_);
  if (progress.exhausted) {
    progress.note += ", all there are";
    return progress;
  }
  const uint32_t from = CompleteBelow();
  if (from > 0) {
    progress.bound =
        "up to " + std::to_string(from - 1) + " " + price_.unit + (from - 1 == 1 ? "" : "s");
  }
  if (finished_ && from > bound_) {
    progress.note += ", all with " + progress.bound;
  } else {
    progress.note +=
        progress.bound.empty() ? ", no bound completed" : ", complete " + progress.bound;
  }
  return progress;
}

}  // namespace heddle
