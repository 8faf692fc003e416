#include "harness/explore/hang_watch.h"

#include <algorithm>

#include "harness/core/random.h"
#include "harness/explore/crash_handler.h"

namespace heddle {
namespace {

// How long a program that is interrupted again and again may stay where it is.
constexpr std::chrono::seconds kGrace{2};
// Harness code that takes this long never ends: making a report takes a second or so.
constexpr std::chrono::seconds kHarnessLimit{60};

}  // namespace

uint64_t HangWatch::SignOfLife() const {
  // Volatile: written by another process. The counts may be torn apart; any change will do.
  const volatile uint64_t& count = shared_->log.count;
  const volatile uint64_t& steps = shared_->log.steps;
  return MixSeed(count, steps,
                 shared_->executions.load(std::memory_order_relaxed) +
                     shared_->place.load(std::memory_order_relaxed)) ^
         static_cast<uint64_t>(shared_->phase.load(std::memory_order_relaxed));
}

std::chrono::nanoseconds HangWatch::Silence() const {
  if (shared_->phase.load(std::memory_order_relaxed) != WorkerPhase::kRunning) return {};
  return Clock::now() - last_change_;
}

void HangWatch::Look(ChildProcess* child) {
  const Clock::time_point now = Clock::now();
  if (shared_->phase.load(std::memory_order_relaxed) == WorkerPhase::kIdle) {
    last_change_ = now;
    return;
  }
  if (const uint64_t sign = SignOfLife(); sign != sign_) {
    sign_ = sign;
    last_change_ = now;
    return;
  }
  const bool running = shared_->phase.load(std::memory_order_relaxed) == WorkerPhase::kRunning;
  const auto limit = running ? limit_ : std::max<std::chrono::nanoseconds>(limit_, kHarnessLimit);
  const auto silent = now - last_change_;
  if (silent < limit) return;
  if (!running || silent >= limit + kGrace) {
    killed_ = true;
    child->Kill();
    return;
  }
  child->Signal(kHangSignal);
}

}  // namespace heddle
