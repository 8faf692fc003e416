// One forked child that runs program code, from its start to its end.
#ifndef HEDDLE_HARNESS_EXPLORE_SUPERVISED_CHILD_H_
#define HEDDLE_HARNESS_EXPLORE_SUPERVISED_CHILD_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "harness/explore/child_process.h"
#include "harness/explore/shared_state.h"
#include "harness/explore/wire.h"

namespace heddle {

// Forks `body` and waits for its end, handing over its messages as they come. If the child is
// killed, which may have come from outside, it is run once more: a program that does it does it
// again. `begin` is called before each time, when `shared` has been reset. A program that makes no
// step for `timeout` is interrupted, then killed (`*hung`, if given). Null, with the reason in
// `*error`, if there can be no child.
std::unique_ptr<ChildProcess> RunSupervised(
    const std::function<int(int pipe)>& body, SharedState* shared, std::chrono::nanoseconds timeout,
    const std::function<void()>& begin,
    const std::function<void(MessageType, MessageReader&)>& on_message, std::string* error,
    bool* hung = nullptr);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_SUPERVISED_CHILD_H_
