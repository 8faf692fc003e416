#include "harness/strategy/dpor.h"

#include "harness/core/check.h"
#include "harness/strategy/dpor_decider.h"
#include "harness/strategy/dpor_forest.h"
#include "harness/strategy/dpor_left.h"
#include "harness/strategy/dpor_rounds.h"
#include "harness/strategy/registry.h"
#include "harness/strategy/tree_size.h"

namespace heddle {

std::unique_ptr<Decider> Dpor::MakeDecider() const { return std::make_unique<DporDecider>(); }

bool Dpor::Next(Plan* plan) {
  if (!is_beyond_ && (needs_trees_ ? part_.Next(plan) : search_.Next(plan))) return true;
  finished_ = true;
  return false;
}

// False: it is to be learnt with trees.
bool Dpor::LearnWithoutTrees(const Plan& plan, const ExecutionRecord& record) {
  const ParsimoniousSearch::Learnt learnt = search_.Learn(plan, record);
  is_beyond_ = learnt == ParsimoniousSearch::Learnt::kBeyond;
  needs_trees_ = is_beyond_ && !is_adopted_;
  if (needs_trees_ && counts_.executions == 0) {
    // The first execution is the same.
    is_beyond_ = false;
    Plan first;
    part_.Next(&first);
    return false;
  }
  counts_.Count(record, learnt == ParsimoniousSearch::Learnt::kRedundant, /*is_known=*/true);
  if (needs_trees_) {
    is_beyond_ = false;
    counts_.redundant = counts_.executions;
  }
  return true;
}

void Dpor::Learn(const Plan& plan, const ExecutionRecord& record) {
  if (!needs_trees_ && LearnWithoutTrees(plan, record)) return;
  const DporPart::Learnt learnt = part_.Learn(record);
  counts_.Count(record, learnt.redundant, learnt.is_known);
}

double Dpor::ShareLeft() const { return needs_trees_ ? part_.ShareLeft() : search_.ShareLeft(); }

std::vector<std::string> Dpor::Split(size_t most) {
  HEDDLE_CHECK(most > 0, "a search is divided into none");
  if (mode_ == Mode::kSource) {
    if (!part_.Settle() && !part_.MattersToOthers()) return {};
    return {part_.ToBytes()};
  }
  using Kind = DporLeft::Kind;
  Kind kind = Kind::kNothing;
  std::string state;
  if (is_beyond_) {
    kind = Kind::kBeyond;
  } else if (needs_trees_ && (!part_.started() || part_.Settle())) {
    kind = Kind::kTrees;
    if (part_.started()) state = part_.ToBytes();
  } else if (!needs_trees_ && search_.IsLeft()) {
    kind = Kind::kSearch;
    state = search_.ToBytes();
  }
  return {DporLeft::Bytes(kind, counts_.executions, state)};
}

bool Dpor::Adopt(std::string_view part) {
  is_adopted_ = true;
  if (mode_ == Mode::kSource) {
    std::vector<ThreadPlace> places;
    std::vector<uint32_t> names;
    if (!part_.Restore(part, &places, &names)) return false;
  } else {
    DporLeft left;
    if (!left.Restore(part)) return false;
    needs_trees_ = left.kind == DporLeft::Kind::kTrees;
    if (!needs_trees_ && left.kind != DporLeft::Kind::kSearch) return false;
    part_ = std::move(left.trees);
    search_ = std::move(left.search);
  }
  share_adopted_ = ShareLeft();
  return true;
}

std::unique_ptr<SearchRounds> Dpor::MakeRounds() const {
  if (mode_ == Mode::kSource) return std::make_unique<DporForest>();
  return std::make_unique<DporRounds>();
}

std::string Dpor::Counts() const {
  SearchCounts counts = counts_;
  counts.share = ShareDone();
  return counts.ToBytes();
}

bool Dpor::Add(std::string_view counts, bool finished) {
  finished_ = finished;
  return counts_.Add(counts, finished);
}

StrategyProgress Dpor::Progress() const {
  StrategyProgress progress;
  progress.exhausted = finished_ && counts_.SeenToTheEnd();
  progress.share_done = ShareDone();
  progress.note = std::string(mode_ == Mode::kSource ? "source-DPOR: " : "optimal DPOR: ") +
                  CountedExecutions(counts_.executions);
  if (counts_.redundant > 0) {
    progress.note += ", " + std::to_string(counts_.redundant) + " redundant";
  }
  if (finished_) {
    // What races with a step behind the limit is not known, so that this proves nothing up to it.
    progress.note +=
        counts_.SeenToTheEnd() ? ", every class of executions seen" : counts_.NotSeen();
  } else {
    progress.estimated_executions = EstimateExecutions(counts_.executions, *progress.share_done);
    progress.note += OfAbout(progress.estimated_executions);
  }
  return progress;
}

StrategyInfo DescribeDpor() {
  return {.name = "dpor",
          .summary = "optimal dynamic partial-order reduction: one execution per class",
          .can_complete = true,
          .make = [](std::span<const uint64_t>) -> std::unique_ptr<Strategy> {
            return std::make_unique<Dpor>(Dpor::Mode::kOptimal);
          }};
}

StrategyInfo DescribeSourceDpor() {
  return {.name = "source-dpor",
          .summary = "dynamic partial-order reduction with source sets and sleep sets",
          .can_complete = true,
          .make = [](std::span<const uint64_t>) -> std::unique_ptr<Strategy> {
            return std::make_unique<Dpor>(Dpor::Mode::kSource);
          }};
}

}  // namespace heddle
