// heddle::Linearizable: concurrent calls of an object, judged by a plain sequential class.
//
//   struct QueueSpec {
//     void Push(int value) { items.push_back(value); }
//     std::optional<int> Pop() { ... }
//     bool operator==(const QueueSpec&) const = default;
//     std::deque<int> items;
//   };
//
//   void LockFreeQueueIsLinearizable() {
//     LockFreeQueue queue;
//     heddle::Linearizable<QueueSpec>(queue)
//         .Operation("push", [](auto& q, int value) { q.Push(value); }, {1, 2})
//         .Operation("pop", [](auto& q) { return q.Pop(); })
//         .Run({.threads = 3, .calls = 2});
//   }
//
// Each operation is called on the object and on the specification alike. In every execution the
// search chooses which calls each thread makes, with which of the arguments given (heddle::Choose:
// they are part of the schedule); a complete search makes every such choice. Run starts the
// threads, joins them, and looks for an order of the calls, none before another that had returned
// when it was made, in which the specification returns the same (core/linearizability.h). If there
// is none, the finding is `not-linearizable`, with the history of calls; natively it prints the
// same and aborts. A history for which that would take too long to find out, as where many calls
// overlap, is not judged: nothing is wrong, but nothing is proved either. The run counts them and
// is not complete; natively each is told on the standard error.
//
// The specification is copied, and compared if it has operator==, which saves the search work.
// Results are compared by their texts (internal/text_of.h). Call and return are scheduling points:
// relaxed operations on a clock, which order nothing, so that races between calls are still seen.
// Threading: one thread makes the test and runs it; the calls are made by it and by those it
// starts.
#ifndef HEDDLE_PRIMITIVES_LINEARIZABLE_H_
#define HEDDLE_PRIMITIVES_LINEARIZABLE_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "harness/core/call_history.h"
#include "harness/runtime/runtime.h"
#include "primitives/atomic.h"
#include "primitives/choose.h"
#include "primitives/internal/text_of.h"
#include "primitives/thread.h"

namespace heddle {

struct LinearizableOptions {
  uint32_t threads = 2;  // at most
  uint32_t calls = 2;    // of each thread, at most
  uint32_t before = 0;   // made by the caller of Run before the threads start, at most
  uint32_t after = 0;    // and after they have ended, at most; at most 64 calls in all
};

template <typename Spec, typename Object>
class LinearizabilityTest {
 public:
  LinearizabilityTest(Object& object, Spec initial)
      : object_(object), initial_(std::move(initial)) {}

  // `call` takes the object, or the specification, by reference.
  template <typename Call>
  LinearizabilityTest& Operation(const std::string& name, Call call) {
    return Add(name + "()", [call](auto& on) -> decltype(auto) { return call(on); });
  }
  // And one argument: each of `arguments`.
  template <typename Call, typename Argument>
  LinearizabilityTest& Operation(const std::string& name, Call call,
                                 std::initializer_list<Argument> arguments) {
    for (const Argument& argument : arguments) {
      Add(name + "(" + internal::TextOf(argument) + ")",
          [call, argument](auto& on) -> decltype(auto) { return call(on, argument); });
    }
    return *this;
  }
  // And two: each of `firsts` with each of `seconds`.
  template <typename Call, typename First, typename Second>
  LinearizabilityTest& Operation(const std::string& name, Call call,
                                 std::initializer_list<First> firsts,
                                 std::initializer_list<Second> seconds) {
    for (const First& first : firsts) {
      for (const Second& second : seconds) {
        Add(name + "(" + internal::TextOf(first) + ", " + internal::TextOf(second) + ")",
            [call, first, second](auto& on) -> decltype(auto) { return call(on, first, second); });
      }
    }
    return *this;
  }

  // Once. Always inlined, so that the finding is known by its caller.
  [[gnu::always_inline]] void Run(const LinearizableOptions& options = {}) {
    const std::string objection = MakeCalls(options);
    if (objection.empty()) return;
    if (Runtime* runtime = Runtime::Current()) {
      runtime->Fail(FindingKind::kNotLinearizable, objection.c_str());
    } else {
      std::fprintf(stderr, "not linearizable: %s", objection.c_str());
      std::abort();
    }
  }

 private:
  // An operation with its arguments.
  struct Callee {
    std::string text;
    std::function<std::string(Object&)> on_object;  // these return the text of what was returned
    std::function<std::string(Spec&)> on_spec;
  };

  class State final : public SequentialState {
   public:
    State(Spec spec, const std::vector<const Callee*>& callees,
          const std::vector<RecordedCall>& calls)
        : spec_(std::move(spec)), callees_(callees), calls_(calls) {}

    std::unique_ptr<SequentialState> After(size_t call) const override {
      auto next = std::make_unique<State>(*this);
      if (callees_[call]->on_spec(next->spec_) != calls_[call].result) return nullptr;
      return next;
    }
    std::string ResultOf(size_t call) const override {
      Spec spec = spec_;
      return callees_[call]->on_spec(spec);
    }
    bool Equals(const SequentialState& other) const override {
      if constexpr (requires(const Spec& spec) { static_cast<bool>(spec == spec); }) {
        return spec_ == static_cast<const State&>(other).spec_;
      } else {
        return false;
      }
    }

   private:
    Spec spec_;
    const std::vector<const Callee*>& callees_;
    const std::vector<RecordedCall>& calls_;
  };

  template <typename Call>
  LinearizabilityTest& Add(std::string text, Call call) {
    const auto text_of_result = [call](auto& on) -> std::string {
      if constexpr (std::is_void_v<decltype(call(on))>) {
        call(on);
        return {};
      } else {
        return internal::TextOf(call(on));
      }
    };
    callees_.push_back(Callee{std::move(text), text_of_result, text_of_result});
    return *this;
  }

  // The calls of one thread: which they are is chosen here, so that nothing but the calls is left
  // to the threads. No call is the first choice, and makes the history shorter.
  std::pair<size_t, size_t> ChooseCalls(uint32_t most) {
    const size_t first = calls_.size();
    for (uint32_t i = 0; i < most; ++i) {
      const uint32_t chosen = Choose(static_cast<uint32_t>(callees_.size()) + 1);
      if (chosen == 0) continue;
      chosen_.push_back(&callees_[chosen - 1]);
      calls_.push_back(RecordedCall{kNoThread, callees_[chosen - 1].text, {}, {}});
    }
    return {first, calls_.size()};
  }

  void Make(std::pair<size_t, size_t> range) {
    Runtime* const runtime = Runtime::Current();
    const auto order = runtime != nullptr ? std::memory_order_relaxed : std::memory_order_seq_cst;
    for (size_t i = range.first; i < range.second; ++i) {
      RecordedCall& call = calls_[i];
      if (runtime != nullptr) call.thread = runtime->CurrentThread();
      call.span.invoked = clock_.load(order);
      call.result = chosen_[i]->on_object(object_);
      call.span.returned = clock_.fetch_add(1, order) + 1;
    }
  }

  // The number of calls asked for, if it can be tested.
  uint64_t Checked(const LinearizableOptions& options) const {
    const auto refuse = [](const std::string& why) {
      throw std::invalid_argument("heddle::Linearizable: " + why);
    };
    if (was_run_) {
      refuse("this test was run before, and the object is no longer in the state it began with; "
             "make another test of another object");
    }
    if (callees_.empty()) {
      refuse("there is no operation to call, so that nothing would be tested; name them with "
             "Operation(...) before Run");
    }
    const uint64_t most =
        uint64_t{options.threads} * options.calls + options.before + options.after;
    if (most == 0) refuse("no calls asked for, so that nothing would be tested");
    if (most > kMostCalls) {
      refuse(std::to_string(most) + " calls asked for; a history has at most " +
             std::to_string(kMostCalls));
    }
    return most;
  }

  static void TellNotJudged(size_t calls) {
    if (Runtime* runtime = Runtime::Current()) {
      runtime->Annotate(Annotation::kNotJudged, kNoObject, calls);
    } else {
      std::fprintf(stderr,
                   "heddle::Linearizable: a history of %zu calls was not judged: too many of them "
                   "overlap; make fewer threads or calls\n",
                   calls);
    }
  }

  // What is wrong with the calls that were made; empty: nothing that is known.
  std::string MakeCalls(const LinearizableOptions& options) {
    const uint64_t most = Checked(options);
    was_run_ = true;
    // Blocks that grow are freed, and whether freed memory is used again is the search's choice: it
    // is to choose among the object's blocks.
    calls_.reserve(most);
    chosen_.reserve(most);
    const auto before = ChooseCalls(options.before);
    std::vector<std::pair<size_t, size_t>> of_threads;
    of_threads.reserve(options.threads);
    for (uint32_t i = 0; i < options.threads; ++i) {
      of_threads.push_back(ChooseCalls(options.calls));
      if (of_threads.back().first == of_threads.back().second) of_threads.pop_back();
    }
    const auto after = ChooseCalls(options.after);

    Make(before);
    std::vector<Thread> threads;
    threads.reserve(of_threads.size());
    for (const auto& range : of_threads) {
      threads.emplace_back([this, range] { Make(range); });
    }
    for (Thread& thread : threads) thread.join();
    Make(after);

    CallHistory history;
    history.calls = std::move(calls_);
    switch (Judge(&history, State(initial_, chosen_, history.calls))) {
      case Verdict::kLinearizable:
        return {};
      case Verdict::kNotLinearizable:
        return ToText(history);
      case Verdict::kNotJudged:
        TellNotJudged(history.calls.size());
        break;
    }
    return {};
  }

  Object& object_;
  const Spec initial_;
  std::vector<Callee> callees_;
  bool was_run_ = false;
  Atomic<uint64_t> clock_{0, kCallClock};
  std::vector<const Callee*> chosen_;  // by call
  std::vector<RecordedCall> calls_;
};

// A test of `object`, whose state is that of `initial`.
template <typename Spec, typename Object>
LinearizabilityTest<Spec, Object> Linearizable(Object& object, Spec initial = {}) {
  return LinearizabilityTest<Spec, Object>(object, std::move(initial));
}

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_LINEARIZABLE_H_
