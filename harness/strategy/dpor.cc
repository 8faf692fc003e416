#include "harness/strategy/dpor.h"

#include "harness/core/check.h"
#include "harness/strategy/dpor_decider.h"
#include "harness/strategy/dpor_forest.h"
#include "harness/strategy/registry.h"
#include "harness/strategy/tree_size.h"

namespace heddle {

std::unique_ptr<Decider> Dpor::MakeDecider() const { return std::make_unique<DporDecider>(); }

bool Dpor::Next(Plan* plan) {
  if (part_.Next(plan)) return true;
  finished_ = true;
  return false;
}

void Dpor::Learn(const Plan&, const ExecutionRecord& record) {
  const DporPart::Learnt learnt = part_.Learn(record);
  counts_.Count(record, learnt.redundant, learnt.is_known);
}

std::vector<std::string> Dpor::Split(size_t most) {
  HEDDLE_CHECK(part_.started() && most > 0,
               "a search is divided before it has begun, or into none");
  std::vector<DporPart> others;
  if (mode_ == Mode::kOptimal && part_.Settle()) others = part_.TakeChoices(most - 1);
  std::vector<std::string> parts;
  if (part_.Settle() || part_.MattersToOthers()) parts.push_back(part_.ToBytes());
  for (auto other = others.rbegin(); other != others.rend(); ++other) {
    share_adopted_ -= other->ShareLeft();
    parts.push_back(other->ToBytes());
  }
  return parts;
}

bool Dpor::Adopt(std::string_view part) {
  std::vector<ThreadPlace> places;
  std::vector<uint32_t> names;
  if (!part_.Restore(part, &places, &names)) return false;
  share_adopted_ = part_.ShareLeft();
  return true;
}

std::unique_ptr<SearchRounds> Dpor::MakeRounds() const {
  if (mode_ == Mode::kOptimal) return nullptr;
  return std::make_unique<DporForest>();
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
            return std::make_unique<Dpor>(DporMode::kOptimal);
          }};
}

StrategyInfo DescribeSourceDpor() {
  return {.name = "source-dpor",
          .summary = "dynamic partial-order reduction with source sets and sleep sets",
          .can_complete = true,
          .make = [](std::span<const uint64_t>) -> std::unique_ptr<Strategy> {
            return std::make_unique<Dpor>(DporMode::kSource);
          }};
}

}  // namespace heddle
