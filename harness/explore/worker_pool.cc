#include "harness/explore/worker_pool.h"

#include <algorithm>
#include <utility>

namespace heddle {

std::unique_ptr<WorkerSlot> WorkerSlot::Make() {
  SharedStatePtr state = MakeSharedState();
  if (state == nullptr) return nullptr;
  return std::unique_ptr<WorkerSlot>(new WorkerSlot(std::move(state)));
}

bool WorkerSlot::Start(const WorkerTask& task, std::string* error) {
  task_ = task;
  state_->Reset();
  state_->phase = WorkerPhase::kIdle;
  child_ = ChildProcess::Start([&](int pipe) { return RunWorker(task_, state_.get(), pipe); },
                               error);
  watch_.emplace(state_.get(), task.options->step_timeout);
  units_.clear();
  has_withdrawn_ = false;
  return child_ != nullptr;
}

void WorkerSlot::Prepare() {
  MessageWriter message(MessageType::kPrepare);
  child_->Send(&message);
}

void WorkerSlot::Assign(const UnitTask& unit) {
  units_.push_back({unit.number, std::chrono::steady_clock::now()});
  MessageWriter message(MessageType::kUnit);
  unit.Put(&message);
  child_->Send(&message);
}

void WorkerSlot::Offer(UnitTask unit) {
  unit.offer = ++offers_;
  state_->offer = unit.offer;
  Assign(unit);
}

std::optional<uint64_t> WorkerSlot::WithdrawOffer() {
  if (units_.size() < 2 || !state_->TakeOffer(offers_)) return std::nullopt;
  const uint64_t withdrawn = units_.back().unit;
  units_.pop_back();
  has_withdrawn_ = true;
  return withdrawn;
}

const WorkerSlot::Assigned* WorkerSlot::at() const {
  const uint64_t unit = state_->unit.load();
  for (const Assigned& one : units_) {
    if (one.unit == unit) return &one;
  }
  return nullptr;
}

void WorkerSlot::Stop() {
  child_.reset();
  watch_.reset();
  units_.clear();
  has_withdrawn_ = false;
}

WorkerSlot* WorkerPool::Vacant() {
  for (const auto& slot : slots_) {
    if (!slot->started()) return slot.get();
  }
  if (slots_.size() >= jobs_) return nullptr;
  auto slot = WorkerSlot::Make();
  if (slot == nullptr) return nullptr;
  slots_.push_back(std::move(slot));
  return slots_.back().get();
}

WorkerSlot* WorkerPool::Idle() {
  for (const auto& slot : slots_) {
    if (slot->started() && !slot->busy()) return slot.get();
  }
  return nullptr;
}

WorkerSlot* WorkerPool::SoonIdle() {
  WorkerSlot* found = nullptr;
  for (const auto& slot : slots_) {
    if (!slot->MayBeOffered()) continue;
    if (found == nullptr || slot->units().front().time < found->units().front().time) {
      found = slot.get();
    }
  }
  return found;
}

std::optional<uint64_t> WorkerPool::WithdrawOffer() {
  for (const auto& slot : slots_) {
    if (const auto withdrawn = slot->WithdrawOffer()) return withdrawn;
  }
  return std::nullopt;
}

bool WorkerPool::AnyBusy() const {
  for (const auto& slot : slots_) {
    if (slot->busy()) return true;
  }
  return false;
}

bool WorkerPool::AnyStarted() const {
  for (const auto& slot : slots_) {
    if (slot->started()) return true;
  }
  return false;
}

bool WorkerPool::AllStarted() const {
  const auto started = [](const auto& slot) { return slot->started(); };
  return slots_.size() == jobs_ && std::all_of(slots_.begin(), slots_.end(), started);
}

void WorkerPool::Wait(std::chrono::milliseconds timeout) {
  std::vector<ChildProcess*> children;
  for (const auto& slot : slots_) {
    if (slot->started()) children.push_back(slot->child());
  }
  ChildProcess::WaitForAny(children, timeout);
}

void WorkerPool::PauseWatches() {
  for (const auto& slot : slots_) {
    if (slot->started()) slot->PauseWatch();
  }
}

void WorkerPool::StopBusy() {
  for (const auto& slot : slots_) {
    if (slot->busy()) slot->Stop();
  }
}

void WorkerPool::StopAll() {
  for (const auto& slot : slots_) slot->Stop();
}

}  // namespace heddle
