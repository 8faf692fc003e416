// WorkerPool: the worker processes of one campaign, each with the memory that it shares with the
// supervisor and a watch over its signs of life.
//
// Knows nothing of what units mean. A worker that has died or was killed leaves its slot empty.
// Threading: one, because it forks.
#ifndef HEDDLE_HARNESS_EXPLORE_WORKER_POOL_H_
#define HEDDLE_HARNESS_EXPLORE_WORKER_POOL_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/explore/child_process.h"
#include "harness/explore/hang_watch.h"
#include "harness/explore/shared_state.h"
#include "harness/explore/unit.h"
#include "harness/explore/worker.h"

namespace heddle {

class WorkerSlot {
 public:
  // Null when the system has no memory for it; errno says why.
  static std::unique_ptr<WorkerSlot> Make();

  // False on failure, with the reason in `*error`.
  bool Start(const WorkerTask& task, std::string* error);
  void Prepare();
  void Assign(const UnitTask& unit);
  // What it is to explore next, if that is not withdrawn before: to one that MayBeOffered.
  void Offer(UnitTask unit);
  // It explores, and has not been sent anything since it began.
  bool MayBeOffered() const {
    return units_.size() == 1 && state_->offer == 0 && !has_withdrawn_;
  }
  // Takes back what it has been offered and has not begun; returns the unit's number.
  std::optional<uint64_t> WithdrawOffer();
  // The unit has ended.
  void Release() {
    units_.pop_front();
    has_withdrawn_ = false;
  }
  // The unit is to end behind the execution that runs.
  void EndUnitSoon() { state_->stop.store(true); }
  // Kills the process, if there is one, and forgets it.
  void Stop();
  void WatchForHang() { watch_->Look(child_.get()); }
  void PauseWatch() { watch_->Pause(); }

  bool started() const { return child_ != nullptr; }
  ChildProcess* child() const { return child_.get(); }
  const SharedState& state() const { return *state_; }
  const HangWatch& watch() const { return *watch_; }
  // The units that it has and that have not ended, as far as it has told; in their order.
  struct Assigned {
    uint64_t unit;  // its number
    std::chrono::steady_clock::time_point time;  // when it got it
  };
  const std::deque<Assigned>& units() const { return units_; }
  bool busy() const { return !units_.empty(); }
  // The one of them that state() tells of; null: it tells of one that has ended.
  const Assigned* at() const;

 private:
  explicit WorkerSlot(SharedStatePtr state) : state_(std::move(state)) {}

  SharedStatePtr state_;
  WorkerTask task_;  // the child has a copy of it
  std::unique_ptr<ChildProcess> child_;
  std::optional<HangWatch> watch_;
  std::deque<Assigned> units_;  // the second is an offer
  uint64_t offers_ = 0;         // so far
  bool has_withdrawn_ = false;  // an offer since it began its unit; what was sent waits to be read
};

class WorkerPool {
 public:
  explicit WorkerPool(uint32_t jobs) : jobs_(jobs) {}

  // A slot without a process, made if need be; null if all `jobs` have one, or if there is no
  // memory for another.
  WorkerSlot* Vacant();
  // A slot whose process waits for a unit; null: none.
  WorkerSlot* Idle();
  // Of those that may be offered something, the one that has had its unit for longest; null: none.
  WorkerSlot* SoonIdle();
  // WorkerSlot::WithdrawOffer, of any that has one.
  std::optional<uint64_t> WithdrawOffer();
  bool AnyBusy() const;
  bool AnyStarted() const;
  bool AllStarted() const;
  // Until something happens to one of them.
  void Wait(std::chrono::milliseconds timeout);
  void PauseWatches();
  void StopBusy();
  void StopAll();
  std::vector<std::unique_ptr<WorkerSlot>>& slots() { return slots_; }

 private:
  const uint32_t jobs_;
  std::vector<std::unique_ptr<WorkerSlot>> slots_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_WORKER_POOL_H_
