// Small programs as data: for each thread, what it does to which object, where `Act` names what a
// test has to do.
#ifndef HEDDLE_TESTS_SUPPORT_ACTIONS_H_
#define HEDDLE_TESTS_SUPPORT_ACTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace heddle::testing {

template <typename Act>
struct Action {
  Act act;
  uint32_t object;
};

template <typename Act>
using ActionsOfThreads = std::vector<std::vector<Action<Act>>>;

// "3.0 1.1 | 2.0 | ": the act's number and the object.
template <typename Act>
std::string Describe(const ActionsOfThreads<Act>& threads) {
  std::string text;
  for (const auto& thread : threads) {
    for (const Action<Act>& action : thread) {
      text +=
          std::to_string(static_cast<int>(action.act)) + "." + std::to_string(action.object) + " ";
    }
    text += "| ";
  }
  return text;
}

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_SUPPORT_ACTIONS_H_
