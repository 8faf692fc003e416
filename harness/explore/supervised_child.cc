#include "harness/explore/supervised_child.h"

#include <string_view>

#include "harness/explore/hang_watch.h"

namespace heddle {

std::unique_ptr<ChildProcess> RunSupervised(
    const std::function<int(int pipe)>& body, SharedState* shared, std::chrono::nanoseconds timeout,
    const std::function<void()>& begin,
    const std::function<void(MessageType, MessageReader&)>& on_message, std::string* error,
    bool* hung) {
  constexpr std::chrono::milliseconds kPoll{20};
  std::unique_ptr<ChildProcess> child;
  for (int attempt = 0; attempt < 2; ++attempt) {
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
    if (watch.killed() || !WasKilled(child->wait_status())) break;
  }
  return child;
}

}  // namespace heddle
