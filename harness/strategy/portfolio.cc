#include "harness/strategy/portfolio.h"

#include <algorithm>
#include <string>
#include <utility>

#include "harness/core/bytes.h"
#include "harness/strategy/pct.h"
#include "harness/strategy/pos.h"
#include "harness/strategy/random_walk.h"
#include "harness/strategy/registry.h"
#include "harness/strategy/rff.h"
#include "harness/strategy/surw.h"

namespace heddle {
namespace {

constexpr uint32_t kLately = 128;  // executions by which a sampler is judged

}  // namespace

Portfolio::Portfolio(uint64_t dfs_executions) : dfs_executions_(dfs_executions) {
  const auto add = [this](std::unique_ptr<Strategy> strategy, uint32_t weight) {
    samplers_.push_back(Sampler{std::move(strategy), weight});
  };
  add(std::make_unique<Surw>(), 4);
  add(std::make_unique<Rff>(), 8);
  add(std::make_unique<Pos>(), 2);
  add(std::make_unique<RandomWalk>(), 1);
  for (const uint64_t depth : {3, 2, 1}) add(std::make_unique<Pct>(depth), 1);
}

Portfolio::Portfolio(const Portfolio& other)
    : dfs_executions_(other.dfs_executions_),
      is_clone_(true),
      dfs_(other.dfs_),
      planned_(other.planned_),
      searched_(other.searched_),
      searching_(other.searching_),
      seen_(other.seen_) {
  for (const Sampler& sampler : other.samplers_) {
    samplers_.push_back(Sampler{sampler.strategy->Clone(), sampler.weight, sampler.credit,
                                sampler.made, sampler.fresh});
  }
}

bool Portfolio::IsTurnOfSearch() const {
  if (searched_ == planned_ && planned_ < kTiny) {
    return planned_ == 0 || dfs_.Progress().estimated_executions.value_or(kTiny + 1) <= kTiny;
  }
  if (planned_ - searched_ < kFirstSampled) return false;
  return planned_ < kOpening ? planned_ % 4 == 0 : planned_ % 4 != 3;
}

// Or all beginnings, up to the step limit.
bool Portfolio::IsSearched() const {
  if (!dfs_.finished()) return false;
  const StrategyProgress progress = dfs_.Progress();
  return progress.exhausted || !progress.bound.empty();
}

bool Portfolio::Next(Plan* plan) {
  if (searching_ && IsSearched()) return false;
  if (searching_ && searched_ >= dfs_executions_) searching_ = false;
  if (searching_ && IsTurnOfSearch()) {
    if (dfs_.Next(plan)) {
      plan->member = 0;
      ++searched_;
      ++planned_;
      return true;
    }
    if (IsSearched()) return false;
    searching_ = false;
  }
  Sampler& sampler = NextSampler();
  ++planned_;
  plan->prefix.clear();
  plan->sleep.clear();
  plan->data.clear();
  plan->member = 1 + static_cast<uint32_t>(&sampler - samplers_.data());
  return sampler.strategy->Next(plan);
}

Portfolio::Sampler& Portfolio::NextSampler() {
  const uint64_t sampled = planned_ - searched_;
  if (sampled < kFirstSampled) return samplers_[sampled < kFirstSurw ? 0 : 1];
  int64_t total = 0;
  Sampler* next = &samplers_.front();
  for (Sampler& sampler : samplers_) {
    const int64_t weight = sampler.WeightNow();
    total += weight;
    sampler.credit += weight;
    if (sampler.credit > next->credit) next = &sampler;
  }
  next->credit -= total;
  return *next;
}

std::unique_ptr<Decider> Portfolio::MakeDecider() const {
  std::vector<std::unique_ptr<Decider>> deciders;
  deciders.push_back(dfs_.MakeDecider());
  for (const Sampler& sampler : samplers_) deciders.push_back(sampler.strategy->MakeDecider());
  return std::make_unique<PortfolioDecider>(std::move(deciders));
}

// What samples may learn from every execution: PCT from its length.
void Portfolio::Learn(const Plan& plan, const ExecutionRecord& record) {
  const bool fresh = record.order_class != 0 && IsFresh(record.order_class);
  if (plan.member == 0) {
    dfs_.Learn(plan, record);
  } else {
    ++sampled_;
    Sampler& sampler = samplers_[plan.member - 1];
    sampler.made += 1;
    sampler.fresh += fresh ? 1 : 0;
    if (sampler.made == kLately) {
      sampler.made /= 2;
      sampler.fresh /= 2;
    }
  }
  for (const Sampler& sampler : samplers_) sampler.strategy->Learn(plan, record);
}

bool Portfolio::IsFresh(uint64_t order_class) {
  const uint64_t bit = order_class % (64 * seen_.size());
  uint64_t& word = seen_[bit / 64];
  const uint64_t mask = uint64_t{1} << bit % 64;
  const bool fresh = (word & mask) == 0;
  word |= mask;
  return fresh;
}

StrategyProgress Portfolio::Progress() const {
  StrategyProgress progress = dfs_.Progress();
  progress.estimated_executions.reset();  // of one member only
  if (sampled_ > 0) progress.note += "; " + std::to_string(sampled_) + " sampled";
  return progress;
}

// Depth-first search has ended before there are clones.
std::string Portfolio::Counts() const {
  ByteWriter writer;
  writer.Put(sampled_);
  writer.Put(dfs_.finished());
  writer.PutText(is_clone_ ? "" : dfs_.Counts());
  return writer.Take();
}

bool Portfolio::Add(std::string_view counts, bool) {
  ByteReader reader(counts);
  uint64_t sampled = 0;
  bool finished = false;
  std::string searched;
  if (!reader.Get(&sampled) || !reader.Get(&finished) || !reader.GetText(&searched) ||
      !reader.AtEnd()) {
    return false;
  }
  sampled_ += sampled;
  return searched.empty() || dfs_.Add(searched, finished);
}

StrategyInfo DescribeDefault() {
  return {.name = "default",
          .summary =
              "depth-first search and rff, surw, pos, random walk and pct of depth 1, 2, 3 "
              "side by side; more of what shows new behaviour",
          .parameters = {{.name = "dfs",
                          .help = "executions of depth-first search, at most",
                          .default_value = 2'000,
                          .minimum = 0,
                          .maximum = 1'000'000'000}},
          .can_complete = true,
          .make = [](std::span<const uint64_t> values) -> std::unique_ptr<Strategy> {
            return std::make_unique<Portfolio>(values[0]);
          }};
}

}  // namespace heddle
