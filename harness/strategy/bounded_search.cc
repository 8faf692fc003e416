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
  if (point.enabled().size() == 1) return point.enabled()[0];
  if (position_ < prefix_.size()) {
    const Decision planned = prefix_[position_++];
    if (planned.is_pick() && Index(planned.thread()) < point.thread_count() &&
        point.IsEnabled(planned.thread()) &&
        point.Pending(planned.thread())->kind == planned.op()) {
      return planned.thread();
    }
    Diverge();
  }
  const ThreadId chosen = PlainChoice(point);
  if (!diverged_) RecordPick(point, chosen);
  return chosen;
}

void BoundedDecider::RecordPick(const SchedulingPoint& point, ThreadId chosen) {
  const uint32_t threads = point.thread_count();
  order_.assign(point.enabled().begin(), point.enabled().end());
  std::sort(order_.begin(), order_.end(), [&](ThreadId a, ThreadId b) {
    return (Index(a) + threads - Index(chosen)) % threads <
           (Index(b) + threads - Index(chosen)) % threads;
  });
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

void BoundedSearch::EndFree() {
  if (free_ != nullptr && !free_->Progress().exhausted) {
    incomplete_from_ = std::min(incomplete_from_, current_);
  }
  free_ = nullptr;
}

// The next schedule that was put off, cheapest first.
bool BoundedSearch::NextRoot() {
  EndFree();
  if (started_ && put_off_.empty()) return false;
  if (started_) {
    auto& [price, cheapest] = *put_off_.begin();
    if (price > bound_) return false;
    current_ = price;
    const PutOff& next = cheapest.front();
    root_.assign(next.path->begin(), next.path->begin() + next.length);
    root_.push_back(next.instead);
    memory_ -= sizeof(PutOff);
    if (next.path.use_count() == 1) memory_ -= next.path->size() * sizeof(Decision);
    cheapest.pop_front();
    if (cheapest.empty()) put_off_.erase(put_off_.begin());
  }
  started_ = true;
  free_ = std::make_unique<Dfs>(DfsOptions{.sleep_sets = false});
  return true;
}

bool BoundedSearch::Next(Plan* plan) {
  if (finished_) return false;
  while (free_ == nullptr || !free_->Next(&free_plan_)) {
    if (NextRoot()) continue;
    finished_ = true;
    return false;
  }
  plan->prefix = root_;
  plan->prefix.insert(plan->prefix.end(), free_plan_.prefix.begin(), free_plan_.prefix.end());
  plan->sleep.clear();
  return true;
}

void BoundedSearch::Learn(const Plan&, const ExecutionRecord& record) {
  ++executions_;
  free_record_.Clear();
  free_record_.end = record.end;
  free_record_.diverged = record.diverged;
  free_record_.undecided = record.undecided;
  for (BranchPoint branch : record.branches) {
    if (branch.chosen.is_pick()) {
      const uint32_t begin = branch.first_alternative;
      const uint32_t end = begin + branch.options - 1;
      branch.first_alternative = static_cast<uint32_t>(free_record_.alternatives.size());
      for (uint32_t i = begin; i < end; ++i) {
        if (record.prices[i] == 0) free_record_.alternatives.push_back(record.alternatives[i]);
      }
      branch.options =
          static_cast<uint32_t>(free_record_.alternatives.size()) - branch.first_alternative + 1;
    }
    free_record_.branches.push_back(branch);
  }
  free_->Learn(free_plan_, free_record_);
  PutOffTheCostly(record);
}

void BoundedSearch::PutOffTheCostly(const ExecutionRecord& record) {
  std::shared_ptr<std::vector<Decision>> path;
  const size_t planned = root_.size() + free_plan_.prefix.size();
  for (size_t i = 0; i < record.branches.size(); ++i) {
    const BranchPoint& branch = record.branches[i];
    if (!branch.chosen.is_pick()) continue;
    for (uint32_t option = 0; option + 1 < branch.options; ++option) {
      const uint32_t index = branch.first_alternative + option;
      if (record.prices[index] == 0) continue;
      const uint32_t price = current_ + record.prices[index];
      const size_t needed =
          sizeof(PutOff) +
          (path != nullptr ? 0 : (planned + record.branches.size()) * sizeof(Decision));
      if (price > bound_ || memory_ + needed > most_memory_) {
        incomplete_from_ = std::min(incomplete_from_, price);
        continue;
      }
      if (path == nullptr) {
        path = std::make_shared<std::vector<Decision>>(root_);
        path->insert(path->end(), free_plan_.prefix.begin(), free_plan_.prefix.end());
        for (const BranchPoint& made : record.branches) path->push_back(made.chosen);
      }
      memory_ += needed;
      put_off_[price].push_back(
          PutOff{path, static_cast<uint32_t>(planned + i), record.alternatives[index]});
    }
  }
}

uint32_t BoundedSearch::CompleteBelow() const {
  return std::min(finished_ ? kNever : current_, incomplete_from_);
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
