#include "harness/strategy/dfs.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "harness/core/check.h"
#include "harness/core/random.h"
#include "harness/model/dependence.h"
#include "harness/strategy/registry.h"
#include "harness/strategy/tree_size.h"

namespace heddle {
namespace {

HeapMask HeapMaskOf(const HeapUse& use) {
  HeapMask mask = use.shared ? 1 : 0;
  for (const uintptr_t block : use.blocks()) mask |= HeapMask{2} << MixSeed(block, 0) % 63;
  return mask;
}

// What a loop reads that has waited.
bool Changes(const Operation& op, std::span<const Look> loop) {
  return std::any_of(loop.begin(), loop.end(), [&](const Look look) {
    const Footprint reads{Footprint::kState, look.rewrites ? Footprint::kState : uint8_t{0}};
    return op.second == look.object ||
           (op.object == look.object && Conflict(FootprintOf(op, true), reads));
  });
}

}  // namespace

void DfsDecider::Begin(const Plan& plan) {
  prefix_ = plan.prefix;
  planned_sleep_ = plan.sleep;
  position_ = 0;
  sleep_.clear();
  asleep_.clear();
  last_run_.clear();
  steps_ = 0;
  ends_prefix_ = redundant_ = diverged_ = false;
  branch_in_progress_ = kNoBranch;
  prefix_effects_ = kUnknownEffects;
  prefix_heap_ = 0;
  branches_.clear();
  alternatives_.clear();
  sleepers_.clear();
}

ThreadId DfsDecider::Pick(const SchedulingPoint& point) {
  if (asleep_.size() < point.thread_count()) {
    asleep_.resize(point.thread_count(), 0);
    last_run_.resize(point.thread_count(), 0);
  }
  if (steps_ > 0) LearnEffects(point);
  ++steps_;
  ends_prefix_ = false;
  branch_in_progress_ = kNoBranch;

  ThreadId chosen = point.runnable()[0];
  if (point.runnable().size() > 1) {
    chosen = InPrefix() ? PickFromPrefix(point) : PickAndBranch(point);
  } else if (IsAsleep(chosen)) {
    redundant_ = true;
  }
  if (!sleep_.empty()) WakeDependentOn(point, chosen);
  last_run_[Index(chosen)] = point.step() + 1;
  return chosen;
}

// Its thread has yielded. Or it has looked at more than it was picked for: the object of its
// operation is the one that its loop reads, if that reads but one.
bool DfsDecider::GaveWay(const SchedulingPoint& point) {
  return point.running_pause() == Pausing::kYielded || point.LookedAt().size() > 1;
}

// What the step just made did beside its operation.
void DfsDecider::LearnEffects(const SchedulingPoint& point) {
  uint8_t effects = kNoEffects;
  const HeapMask heap = HeapMaskOf(point.step_heap());
  if (point.step_heap().everything) effects |= kTouchedAll;
  if (GaveWay(point)) effects |= kDeferred;
  if (ends_prefix_) {
    prefix_effects_ = effects;
    prefix_heap_ = heap;
  }
  if (branch_in_progress_ != kNoBranch) {
    branches_[branch_in_progress_].effects = effects;
    branches_[branch_in_progress_].heap = heap;
  }
  if ((effects == kNoEffects && heap == 0) || sleep_.empty()) return;
  for (size_t i = sleep_.size(); i-- > 0;) {
    if ((effects & kOrderMatters) != 0 || (sleep_[i].heap & heap) != 0) Wake(i);
  }
}

ThreadId DfsDecider::PickFromPrefix(const SchedulingPoint& point) {
  const Decision planned = prefix_[position_++];
  if (!planned.is_pick() || Index(planned.thread()) >= point.thread_count() ||
      !point.MayRun(planned.thread()) || point.Pending(planned.thread())->kind != planned.op()) {
    diverged_ = true;
    position_ = prefix_.size();
    return Preferred(point, /*awake_only=*/false);
  }
  if (!InPrefix()) {
    ends_prefix_ = true;
    EnterPlannedSleep();
  }
  return planned.thread();
}

ThreadId DfsDecider::PickAndBranch(const SchedulingPoint& point) {
  if (redundant_ || diverged_) return Preferred(point, /*awake_only=*/false);
  if (sleep_.size() >= point.runnable().size() &&
      std::all_of(point.runnable().begin(), point.runnable().end(),
                  [this](ThreadId thread) { return IsAsleep(thread); })) {
    redundant_ = true;
    return Preferred(point, /*awake_only=*/false);
  }
  const ThreadId chosen = Preferred(point, /*awake_only=*/true);
  RecordPick(point, chosen);
  return chosen;
}

ThreadId DfsDecider::Preferred(const SchedulingPoint& point, bool awake_only) const {
  if (point.running_enabled() && !(awake_only && IsAsleep(point.running()))) return point.running();
  ThreadId best = kNoThread;
  for (const ThreadId thread : point.runnable()) {
    if (awake_only && IsAsleep(thread)) continue;
    if (best == kNoThread || last_run_[Index(thread)] < last_run_[Index(best)] ||
        (last_run_[Index(thread)] == last_run_[Index(best)] && thread < best)) {
      best = thread;
    }
  }
  return best;
}

void DfsDecider::RecordPick(const SchedulingPoint& point, ThreadId chosen) {
  branch_in_progress_ = static_cast<uint32_t>(branches_.size());
  BranchPoint branch;
  branch.chosen = Decision::Pick(chosen, point.Pending(chosen)->kind);
  branch.first_alternative = static_cast<uint32_t>(alternatives_.size());
  for (const ThreadId thread : point.runnable()) {
    if (thread == chosen || IsAsleep(thread)) continue;
    alternatives_.push_back(Decision::Pick(thread, point.Pending(thread)->kind));
  }
  const auto first = alternatives_.begin() + branch.first_alternative;
  branch.options = static_cast<uint32_t>(alternatives_.end() - first) + 1;
  if (branch.options > 2) {
    std::sort(first, alternatives_.end(),
              [](Decision a, Decision b) { return a.thread() < b.thread(); });
  }
  RecordSleepers(&branch);
  branches_.push_back(branch);
}

void DfsDecider::RecordSleepers(BranchPoint* branch) {
  branch->first_sleeper = static_cast<uint32_t>(sleepers_.size());
  branch->sleepers = static_cast<uint32_t>(sleep_.size());
  sleepers_.insert(sleepers_.end(), sleep_.begin(), sleep_.end());
}

void DfsDecider::WakeDependentOn(const SchedulingPoint& point, ThreadId chosen) {
  const Operation& op = *point.Pending(chosen);
  const bool sees_holders = SeesLockHolders(op);
  for (size_t i = sleep_.size(); i-- > 0;) {
    const ThreadId sleeper = sleep_[i].thread;
    if (sleeper == chosen || sees_holders) {
      Wake(i);
      continue;
    }
    const Operation& sleeping = *point.Pending(sleeper);
    if (SeesLockHolders(sleeping) || Dependent(op, sleeping) ||
        Changes(op, point.LoopOf(sleeper)) || Changes(sleeping, point.LoopOf(chosen))) {
      Wake(i);
    }
  }
}

void DfsDecider::EnterPlannedSleep() {
  for (const SleepingThread& sleeper : planned_sleep_) {
    if (Index(sleeper.thread) >= asleep_.size()) continue;  // only after a divergence
    sleep_.push_back(sleeper);
    asleep_[Index(sleeper.thread)] = 1;
  }
}

void DfsDecider::Wake(size_t i) {
  asleep_[Index(sleep_[i].thread)] = 0;
  sleep_[i] = sleep_.back();
  sleep_.pop_back();
}

uint32_t DfsDecider::PickValue(const ValueChoice& choice) {
  if (choice.own == 1) return 0;
  if (InPrefix()) {
    const Decision planned = prefix_[position_++];
    if (!planned.is_value || planned.choice() != choice.kind || planned.value >= choice.own) {
      diverged_ = true;
      position_ = prefix_.size();
      return 0;
    }
    if (!InPrefix()) {
      ends_prefix_ = true;
      EnterPlannedSleep();
    }
    return planned.value;
  }
  if (redundant_ || diverged_) return 0;
  BranchPoint branch;
  branch.chosen = Decision::Value(choice.kind, 0, choice.own);
  branch.options = choice.own;
  RecordSleepers(&branch);
  branches_.push_back(branch);
  return 0;
}

void DfsDecider::End(ExecutionRecord* record) {
  record->diverged = diverged_ || InPrefix();
  record->decided = steps_;
  record->undecided = record->steps > steps_;
  record->redundant = redundant_;
  record->prefix_effects = prefix_effects_;
  record->prefix_heap = prefix_heap_;
  record->branches.swap(branches_);
  record->alternatives.swap(alternatives_);
  record->sleepers.swap(sleepers_);
}

std::unique_ptr<Decider> Dfs::MakeDecider() const { return std::make_unique<DfsDecider>(); }

bool Dfs::Next(Plan* plan) {
  plan->prefix.clear();
  plan->sleep.clear();
  if (!started_) {
    started_ = true;
    return true;
  }
  while (path_.size() > floor_ && path_.back().current + 1 >= path_.back().options) Pop();
  if (path_.size() == floor_) {
    finished_ = true;
    return false;
  }
  Node& node = path_.back();
  Decision& decision = decisions_.back();
  ++node.current;
  decision = decision.is_pick() ? option_stack_[node.first_option + node.current].pick
                                : Decision::Value(decision.choice(), node.current, node.options);
  plan->prefix = decisions_;
  if (!options_.sleep_sets) return true;
  const auto sleepers = sleeper_stack_.begin() + node.first_sleeper;
  plan->sleep.assign(sleepers, sleepers + node.sleepers);
  if (!decision.is_pick()) return true;
  for (uint32_t i = 0; i < node.current; ++i) {
    const Option& explored = option_stack_[node.first_option + i];
    if ((explored.effects & kOrderMatters) != 0) continue;
    plan->sleep.push_back(SleepingThread{explored.heap, explored.pick.thread()});
  }
  return true;
}

void Dfs::Pop() {
  option_stack_.resize(path_.back().first_option);
  sleeper_stack_.resize(path_.back().first_sleeper);
  path_.pop_back();
  decisions_.pop_back();
}

void Dfs::Learn(const Plan& plan, const ExecutionRecord& record) {
  HEDDLE_CHECK(plan.prefix.size() == path_.size(), "a record that is not of the plan handed out");
  counts_.Count(record, record.redundant, /*is_known=*/true);
  // Every execution that begins with an option adds what its step did there: it may depend on
  // values chosen within the step.
  for (size_t i = path_.size(); i-- > 0;) {
    if (!decisions_[i].is_pick()) continue;
    Option& explored = option_stack_[path_[i].first_option + path_[i].current];
    explored.effects |= record.prefix_effects;
    explored.heap |= record.prefix_heap;
    break;
  }
  for (const BranchPoint& branch : record.branches) {
    Node node;
    node.options = branch.options;
    node.first_option = static_cast<uint32_t>(option_stack_.size());
    node.first_sleeper = static_cast<uint32_t>(sleeper_stack_.size());
    node.sleepers = branch.sleepers;
    if (branch.chosen.is_pick()) {
      option_stack_.push_back(Option{branch.chosen, branch.effects, branch.heap});
      for (uint32_t i = 0; i + 1 < branch.options; ++i) {
        option_stack_.push_back(
            Option{record.alternatives[branch.first_alternative + i], kNoEffects, 0});
      }
    }
    const auto sleepers = record.sleepers.begin() + branch.first_sleeper;
    sleeper_stack_.insert(sleeper_stack_.end(), sleepers, sleepers + branch.sleepers);
    path_.push_back(node);
    decisions_.push_back(branch.chosen);
  }
}

// Where earlier alternatives sleep below later ones, each is taken to have so many times the
// executions of the one before it, which is the middle of what small programs have
// (docs/search.md); else siblings are taken to be alike.
Dfs::Position Dfs::At(size_t i) const {
  constexpr double kShrink = 0.4;
  const Node& node = path_[i];
  if (!options_.sleep_sets || !decisions_[i].is_pick()) {
    return {static_cast<double>(node.current) / node.options, 1.0 / node.options};
  }
  const double before = std::pow(kShrink, node.current);
  const double whole = 1 - std::pow(kShrink, node.options);
  return {(1 - before) / whole, before * (1 - kShrink) / whole};
}

Dfs::Position Dfs::Where() const {
  Position position{0, floor_weight_};
  // Of paths of thousands of steps, those far down have no weight any more.
  for (size_t i = floor_; i < path_.size() && position.here > 0; ++i) {
    const Position node = At(i);
    position.before += position.here * node.before;
    position.here *= node.here;
  }
  return position;
}

double Dfs::ShareDone() const {
  if (!started_ || handed_on_) return counts_.share;
  return counts_.share + (finished_ ? floor_weight_ : Where().before) - before_part_;
}

StrategyProgress Dfs::Progress() const {
  StrategyProgress progress;
  progress.exhausted = finished_ && counts_.SeenToTheEnd();
  progress.share_done = ShareDone();
  progress.note = "depth-first: " + CountedExecutions(counts_.executions);
  if (finished_) {
    progress.note += counts_.SeenToTheEnd() ? ", all there are" : counts_.NotSeen();
    // Whatever sleeps, every schedule's first steps have been made.
    if (counts_.cut == 0 && counts_.longer > 0) {
      progress.bound = "up to " + std::to_string(counts_.step_limit) + " steps";
    }
    return progress;
  }
  const double last = started_ && !handed_on_ ? Where().here : 0;
  progress.estimated_executions =
      EstimateExecutions(counts_.executions, *progress.share_done + last);
  progress.note += OfAbout(progress.estimated_executions);
  return progress;
}

StrategyInfo DescribeDfs() {
  return {.name = "dfs",
          .summary = "depth-first search with sleep sets: every schedule, fewest preemptions first",
          .parameters = {{.name = "sleep",
                          .help = "leave out schedules that differ only in the order of "
                                  "independent steps (0: explore those too)",
                          .default_value = 1,
                          .minimum = 0,
                          .maximum = 1}},
          .can_complete = true,
          .make = [](std::span<const uint64_t> values) -> std::unique_ptr<Strategy> {
            return std::make_unique<Dfs>(DfsOptions{.sleep_sets = values[0] == 1});
          }};
}

}  // namespace heddle
