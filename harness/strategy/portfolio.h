// The default strategy: depth-first search while the budget of it lasts, then several that sample.
//
// Small cases are searched completely. What depth-first search cannot finish, random walk, PCT of
// depths 1, 2 and 3, POS and SURW sample in turn, since none of them dominates the others. Plan:
// member is the strategy that made it; a decider holds one of each member's.
#ifndef HEDDLE_HARNESS_STRATEGY_PORTFOLIO_H_
#define HEDDLE_HARNESS_STRATEGY_PORTFOLIO_H_

#include <memory>
#include <vector>

#include "harness/strategy/dfs.h"
#include "harness/strategy/strategy.h"

namespace heddle {

class PortfolioDecider final : public Decider {
 public:
  explicit PortfolioDecider(std::vector<std::unique_ptr<Decider>> members)
      : members_(std::move(members)), active_(members_[0].get()) {}

  void Begin(const Plan& plan) override {
    active_ = members_[plan.member].get();
    active_->Begin(plan);
  }
  ThreadId Pick(const SchedulingPoint& point) override { return active_->Pick(point); }
  uint32_t PickValue(const ValueChoice& choice) override { return active_->PickValue(choice); }
  bool WantsEveryStep() const override { return active_->WantsEveryStep(); }
  EventSink* Events() override { return active_->Events(); }
  void Stuck(const SchedulingPoint& point) override { active_->Stuck(point); }
  void End(ExecutionRecord* record) override { active_->End(record); }

 private:
  std::vector<std::unique_ptr<Decider>> members_;
  Decider* active_;
};

class Portfolio final : public Strategy {
 public:
  // The first `dfs_executions` are depth-first.
  explicit Portfolio(uint64_t dfs_executions);
  Portfolio(const Portfolio& other);

  bool Next(Plan* plan) override;
  std::unique_ptr<Decider> MakeDecider() const override;
  void Learn(const Plan& plan, const ExecutionRecord& record) override;
  StrategyProgress Progress() const override;
  // The depth-first ones, and some of each that samples.
  std::optional<uint64_t> CommonExecutions() const override { return dfs_executions_ + 256; }
  std::unique_ptr<Strategy> Clone() const override {
    return std::make_unique<Portfolio>(*this);
  }

 private:
  const uint64_t dfs_executions_;
  Dfs dfs_;                                          // member 0
  std::vector<std::unique_ptr<Strategy>> sampling_;  // members 1, 2, ...
  uint64_t searched_ = 0;  // executions, depth-first
  uint64_t turns_ = 0;     // of those that sample, by this instance and what it is a clone of
  uint64_t sampled_ = 0;   // executions of the campaign after those searched
  bool searching_ = true;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_PORTFOLIO_H_
