#include "harness/core/linearizability.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "harness/core/check.h"

namespace heddle {
namespace {

class Search {
 public:
  explicit Search(std::span<const CallSpan> calls)
      : calls_(calls),
        all_(calls.size() == kMostCalls ? ~uint64_t{0} : (uint64_t{1} << calls.size()) - 1) {}

  // Whether `state`, reached by the calls in `done`, goes on to an end.
  bool From(const SequentialState& state, uint64_t done) {
    if (order_.size() > longest_.size()) longest_ = order_;
    if (done == all_) return true;
    for (size_t call = 0; call < calls_.size(); ++call) {
      if (!MayComeNext(call, done)) continue;
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

  bool LedNowhere(const SequentialState& state, uint64_t done) const {
    const auto same = nowhere_.find(done);
    return same != nowhere_.end() &&
           std::any_of(same->second.begin(), same->second.end(),
                       [&](const auto& other) { return state.Equals(*other); });
  }

  const std::span<const CallSpan> calls_;
  const uint64_t all_;
  std::vector<size_t> order_;
  std::vector<size_t> longest_;
  std::unordered_map<uint64_t, std::vector<std::unique_ptr<SequentialState>>> nowhere_;
};

}  // namespace

Linearization Linearize(std::span<const CallSpan> calls, const SequentialState& initial) {
  HEDDLE_CHECK(calls.size() <= kMostCalls, "a history of more calls than are judged");
  Search search(calls);
  Linearization result;
  result.exists = search.From(initial, 0);
  result.order = search.TakeLongest();
  return result;
}

}  // namespace heddle
