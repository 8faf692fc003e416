#include "harness/core/linearizability.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "harness/core/check.h"

namespace heddle {
namespace {

// To try a call copies a state, which takes as long as a dozen or so comparisons of states.
constexpr uint64_t kWorkOfTrying = 16;

class Search {
 public:
  Search(std::span<const CallSpan> calls, uint64_t most_work)
      : calls_(calls),
        most_work_(most_work),
        all_(calls.size() == kMostCalls ? ~uint64_t{0} : (uint64_t{1} << calls.size()) - 1) {}

  // Whether `state`, reached by the calls in `done`, goes on to an end.
  bool From(const SequentialState& state, uint64_t done) {
    if (order_.size() > longest_.size()) longest_ = order_;
    if (done == all_) return true;
    for (size_t call = 0; call < calls_.size() && !given_up(); ++call) {
      if (!MayComeNext(call, done)) continue;
      work_ += kWorkOfTrying;
      std::unique_ptr<SequentialState> next = state.After(call);
      const uint64_t done_next = done | uint64_t{1} << call;
      if (next == nullptr || LedNowhere(*next, done_next)) continue;
      order_.push_back(call);
      if (From(*next, done_next)) return true;
      order_.pop_back();
      nowhere_[done_next].push_back(std::move(next));
    }
    return false;
  }

  bool given_up() const { return work_ >= most_work_; }
  std::vector<size_t> TakeLongest() { return std::move(longest_); }

 private:
  // No call that is left had returned before it was made.
  bool MayComeNext(size_t call, uint64_t done) const {
    if ((done >> call & 1) != 0) return false;
    for (size_t other = 0; other < calls_.size(); ++other) {
      if ((done >> other & 1) == 0 && calls_[other].Precedes(calls_[call])) return false;
    }
    return true;
  }

  bool LedNowhere(const SequentialState& state, uint64_t done) {
    const auto same = nowhere_.find(done);
    if (same == nowhere_.end()) return false;
    work_ += same->second.size();
    return std::any_of(same->second.begin(), same->second.end(),
                       [&](const auto& other) { return state.Equals(*other); });
  }

  const std::span<const CallSpan> calls_;
  const uint64_t most_work_;
  const uint64_t all_;
  std::vector<size_t> order_;
  std::vector<size_t> longest_;
  uint64_t work_ = 0;
  std::unordered_map<uint64_t, std::vector<std::unique_ptr<SequentialState>>> nowhere_;
};

}  // namespace

Linearization Linearize(std::span<const CallSpan> calls, const SequentialState& initial,
                        uint64_t most_work) {
  HEDDLE_CHECK(calls.size() <= kMostCalls, "a history of more calls than are judged");
  Search search(calls, most_work);
  Linearization result;
  result.exists = search.From(initial, 0);
  result.given_up = !result.exists && search.given_up();
  result.order = search.TakeLongest();
  return result;
}

}  // namespace heddle
