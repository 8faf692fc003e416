#include "harness/explore/worker_pool.h"

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
  unit_.reset();
  return child_ != nullptr;
}

void WorkerSlot::Prepare() {
  MessageWriter message(MessageType::kPrepare);
  child_->Send(&message);
}

void WorkerSlot::Assign(const UnitTask& unit) {
  unit_ = unit.number;
  assigned_ = std::chrono::steady_clock::now();
  MessageWriter message(MessageType::kUnit);
  unit.Put(&message);
  child_->Send(&message);
}

void WorkerSlot::Stop() {
  child_.reset();
  watch_.reset();
  unit_.reset();
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
    if (slot->started() && !slot->unit()) return slot.get();
  }
  return nullptr;
}

bool WorkerPool::AnyBusy() const {
  for (const auto& slot : slots_) {
    if (slot->unit()) return true;
  }
  return false;
}

bool WorkerPool::AnyStarted() const {
  for (const auto& slot : slots_) {
    if (slot->started()) return true;
  }
  return false;
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

void WorkerPool::StopAll() {
  for (const auto& slot : slots_) slot->Stop();
}

}  // namespace heddle
