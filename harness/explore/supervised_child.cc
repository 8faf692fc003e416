#include "harness/explore/supervised_child.h"

#include <optional>
#include <string_view>
#include <utility>

#include "harness/explore/hang_watch.h"

namespace heddle {

std::unique_ptr<ChildProcess> RunSupervised(
    const std::function<int(int pipe)>& body, SharedState* shared, std::chrono::nanoseconds timeout,
    const std::function<void()>& begin,
    const std::function<void(MessageType, MessageReader&)>& on_message, std::string* error,
    bool* hung) {
  constexpr std::chrono::milliseconds kPoll{20};
  constexpr int kAttempts = 20;  // of a child that somebody kills
  std::unique_ptr<ChildProcess> child;
  std::optional<uint64_t> killed_at;  // decisions
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    shared->Reset();
    begin();
    child = ChildProcess::Start(body, error);
    if (child == nullptr) return nullptr;
    const auto collect = [&] {
      std::string_view bytes;
      while (child->NextMessage(&bytes)) {
        MessageReader reader(bytes);
        MessageType type;
        if (reader.Get(&type)) on_message(type, reader);
      }
    };
    HangWatch watch(shared, timeout);
    while (!child->ended()) {
      child->Wait(kPoll);
      collect();
      watch.Look(child.get());
    }
    collect();
    if (hung != nullptr) *hung = watch.killed();
    if (watch.killed() || child->garbled() || !WasKilled(child->wait_status())) break;
    // Killed from outside, perhaps; a program that does it does it again at the same place.
    if (shared->phase.load() != WorkerPhase::kRunning) continue;
    if (std::exchange(killed_at, shared->log.count) == shared->log.count) break;
  }
  return child;
}

}  // namespace heddle
