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
  if (!is_beyond_ && (by_source_sets_ ? part_.Next(plan) : search_.Next(plan))) return true;
  finished_ = true;
  return false;
}

// False: it is to be learnt with source sets.
bool Dpor::LearnOptimally(const Plan& plan, const ExecutionRecord& record) {
  const ParsimoniousSearch::Learnt learnt = search_.Learn(plan, record);
  const bool beyond = learnt == ParsimoniousSearch::Learnt::kBeyond;
  by_source_sets_ = beyond && !is_adopted_;
  is_beyond_ = beyond && is_adopted_;
  if (by_source_sets_ && counts_.executions == 0) {
    // The first execution is the same.
    Plan first;
    part_.Next(&first);
    return false;
  }
  counts_.Count(record, learnt == ParsimoniousSearch::Learnt::kRedundant, /*is_known=*/true);
  if (by_source_sets_) counts_.redundant = counts_.executions;
  return true;
}

void Dpor::Learn(const Plan& plan, const ExecutionRecord& record) {
  if (!by_source_sets_ && LearnOptimally(plan, record)) return;
  const DporPart::Learnt learnt = part_.Learn(record);
  counts_.Count(record, learnt.redundant, learnt.is_known);
}

double Dpor::ShareLeft() const { return by_source_sets_ ? part_.ShareLeft() : search_.ShareLeft(); }

std::vector<std::string> Dpor::Split(size_t most) {
  HEDDLE_CHECK(most > 0, "a search is divided into none");
  const bool is_left = part_.started() && (part_.Settle() || part_.MattersToOthers());
  if (mode_ == Mode::kSource) {
    return is_left ? std::vector{part_.ToBytes()} : std::vector<std::string>{};
  }
  using Kind = DporLeft::Kind;
  DporLeft left;
  if (is_beyond_) {
    left = {Kind::kBeyond, counts_.executions, ""};
  } else if (by_source_sets_ && !part_.started()) {
    left = {Kind::kBeyond, 0, ""};  // it has counted what will be made again
  } else if (by_source_sets_ && is_left) {
    left = {Kind::kSource, 0, part_.ToBytes()};
  } else if (!by_source_sets_) {
    const bool more = search_.IsLeft();
    left = {more ? Kind::kOptimal : Kind::kNothing, counts_.executions,
            more ? search_.ToBytes() : ""};
  }
  return {left.ToBytes()};
}

bool Dpor::Adopt(std::string_view part) {
  is_adopted_ = true;
  std::string state(part);
  if (mode_ == Mode::kOptimal) {
    DporLeft left;
    if (!left.Restore(part)) return false;
    by_source_sets_ = left.kind == DporLeft::Kind::kSource;
    if (!by_source_sets_ && left.kind != DporLeft::Kind::kOptimal) return false;
    state = std::move(left.state);
  }
  std::vector<ThreadPlace> places;
  std::vector<uint32_t> names;
  const bool is_begun = mode_ == Mode::kSource || !state.empty();
  if (by_source_sets_ ? is_begun && !part_.Restore(state, &places, &names)
                      : !search_.Restore(state)) {
    return false;
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
  progress.note = std::string(mode_ == Mode::kSource ? "source-DPOR: " : "DPOR: ") +
                  CountedExecutions(counts_.executions);
  if (!finished_) {
    progress.estimated_executions = EstimateExecutions(counts_.executions, *progress.share_done);
    progress.note += OfAbout(progress.estimated_executions);
  }
  if (counts_.redundant > 0) {
    progress.note += ", " + std::to_string(counts_.redundant) + " redundant";
  }
  if (finished_) {
    // What races with a step behind the limit is not known, so that this proves nothing up to it.
    progress.note +=
        counts_.SeenToTheEnd() ? ", every class of executions seen" : counts_.NotSeen();
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
