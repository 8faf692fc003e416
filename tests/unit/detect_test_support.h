// Feeds hand-written events to a detector, respecting what it wants.
#ifndef HEDDLE_TESTS_UNIT_DETECT_TEST_SUPPORT_H_
#define HEDDLE_TESTS_UNIT_DETECT_TEST_SUPPORT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "harness/detect/detector.h"

namespace heddle::testing {

// Threads and objects are written as plain numbers; objects of threads are 100 + thread.
class DetectorTrace : public SuspicionSink {
 public:
  explicit DetectorTrace(Detector& detector) : detector_(detector) { Begin(); }

  void Begin() {
    suspicions.clear();
    seq_ = 0;
    detector_.Begin(this);
  }

  EventSeq Do(uint32_t thread, OpKind kind, uint32_t object, uintptr_t pc = 0,
              Outcome outcome = Outcome::kDone) {
    Operation op{.kind = kind, .object = ObjectId{object}};
    op.pc = pc;
    return Feed(thread, op, outcome);
  }
  EventSeq Wait(uint32_t thread, OpKind kind, uint32_t condition, uint32_t mutex) {
    Operation op{.kind = kind, .object = ObjectId{condition}, .second = ObjectId{mutex}};
    return Feed(thread, op, Outcome::kDone);
  }
  EventSeq Spawn(uint32_t thread, uint32_t child) {
    Operation op{.kind = OpKind::kSpawn, .object = ObjectId{100 + child}, .operand = child};
    return Feed(thread, op, Outcome::kDone);
  }
  EventSeq Annotate(uint32_t thread, Annotation what, uint32_t object = 0xffffffff) {
    Operation op{.kind = OpKind::kAnnotate,
                 .object = ObjectId{object},
                 .operand = static_cast<uint64_t>(what)};
    return Feed(thread, op, Outcome::kDone);
  }
  EventSeq Feed(uint32_t thread, Operation& op, Outcome outcome, uint64_t value = 0) {
    const Event event{++seq_, &op, Transition{ThreadId{thread}, outcome, 0}, value, 0, nullptr};
    if (detector_.Wants().contains(op.kind)) {
      ++delivered;
      detector_.OnEvent(event);
    }
    return seq_;
  }

  void Report(Suspicion suspicion) override { suspicions.push_back(std::move(suspicion)); }

  std::vector<Suspicion> suspicions;
  int delivered = 0;

 private:
  Detector& detector_;
  EventSeq seq_ = 0;
};

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_UNIT_DETECT_TEST_SUPPORT_H_
