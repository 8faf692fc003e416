#include "harness/strategy/portfolio.h"

#include "harness/strategy/pct.h"
#include "harness/strategy/pos.h"
#include "harness/strategy/random_walk.h"
#include "harness/strategy/registry.h"
#include "harness/strategy/surw.h"

namespace heddle {

Portfolio::Portfolio(uint64_t dfs_executions) : dfs_executions_(dfs_executions) {
  sampling_.push_back(std::make_unique<RandomWalk>());
  for (const uint64_t depth : {1, 2, 3}) sampling_.push_back(std::make_unique<Pct>(depth));
  sampling_.push_back(std::make_unique<Pos>());
  sampling_.push_back(std::make_unique<Surw>());
}

Portfolio::Portfolio(const Portfolio& other)
    : dfs_executions_(other.dfs_executions_),
      dfs_(other.dfs_),
      searched_(other.searched_),
      turns_(other.turns_),
      sampled_(other.sampled_),
      searching_(other.searching_) {
  for (const auto& strategy : other.sampling_) sampling_.push_back(strategy->Clone());
}

bool Portfolio::Next(Plan* plan) {
  if (searching_) {
    if (searched_ < dfs_executions_ && dfs_.Next(plan)) {
      plan->member = 0;
      ++searched_;
      return true;
    }
    if (dfs_.Progress().exhausted) return false;
    searching_ = false;
  }
  const auto turn = static_cast<uint32_t>(turns_++ % sampling_.size());
  plan->prefix.clear();
  plan->sleep.clear();
  plan->member = 1 + turn;
  return sampling_[turn]->Next(plan);
}

std::unique_ptr<Decider> Portfolio::MakeDecider() const {
  std::vector<std::unique_ptr<Decider>> deciders;
  deciders.push_back(dfs_.MakeDecider());
  for (const auto& strategy : sampling_) deciders.push_back(strategy->MakeDecider());
  return std::make_unique<PortfolioDecider>(std::move(deciders));
}

// What samples may learn from every execution: PCT from its length.
void Portfolio::Learn(const Plan& plan, const ExecutionRecord& record) {
  if (plan.member == 0) {
    dfs_.Learn(plan, record);
  } else {
    sampled_ = plan.index + 1 - searched_;
  }
  for (const auto& strategy : sampling_) strategy->Learn(plan, record);
}

StrategyProgress Portfolio::Progress() const {
  StrategyProgress progress = dfs_.Progress();
  if (searching_) return progress;
  progress.note += "; then " + std::to_string(sampled_) + " sampled";
  return progress;
}

StrategyInfo DescribeDefault() {
  return {.name = "default",
          .summary = "depth-first search first, then random walk, PCT of depth 1, 2, 3, POS and SURW in "
                     "turn",
          .parameters = {{.name = "dfs",
                          .help = "executions of depth-first search before the others",
                          .default_value = 2'000,
                          .minimum = 0,
                          .maximum = 1'000'000'000}},
          .can_complete = true,
          .make = [](std::span<const uint64_t> values) -> std::unique_ptr<Strategy> {
            return std::make_unique<Portfolio>(values[0]);
          }};
}

}  // namespace heddle
