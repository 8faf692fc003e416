// A ModelContext without an engine: enough to test a model alone.
#ifndef HEDDLE_TESTS_SUPPORT_FAKE_CONTEXT_H_
#define HEDDLE_TESTS_SUPPORT_FAKE_CONTEXT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "harness/model/model_factory.h"
#include "harness/model/sync_model.h"

namespace heddle::testing {

inline constexpr ThreadId A{0}, B{1}, C{2};

class FakeContext : public ModelContext {
 public:
  FakeContext() : clocks_(3), fences_(3) {
    for (uint32_t i = 0; i < 3; ++i) clocks_[i].Start(ThreadId{i});
  }

  SyncModel& Add(const ObjectInit& init) {
    models_.push_back(MakeModel(init.kind));
    SyncModel& model = *models_.back();
    model.Reset(init);
    model.id = ObjectId{static_cast<uint32_t>(models_.size() - 1)};
    model.kind = init.kind;
    return model;
  }
  SyncModel& ModelOf(ObjectId object) override { return *models_[Index(object)]; }
  void ReportMisuse(FindingKind, const Operation&, ThreadId, std::string_view what) override {
    misuse.emplace_back(what);
  }

  OutcomeSet Can(SyncModel& model, ThreadId thread, Operation op) {
    op.object = model.id;
    return model.Possible(op, thread, *this);
  }
  uint32_t Candidates(SyncModel& model, ThreadId thread, Operation op) {
    op.object = model.id;
    return model.Candidates(op, thread, Outcome::kDone, *this);
  }
  std::vector<ThreadId> Holders(SyncModel& model, ThreadId thread, Operation op) {
    op.object = model.id;
    std::vector<ThreadId> holders;
    model.Holders(op, thread, &holders);
    return holders;
  }
  // Carries out `op`, which must be able to complete that way.
  Event Do(SyncModel& model, ThreadId thread, Operation op, Outcome outcome = Outcome::kDone,
           uint32_t source = 0) {
    op.object = model.id;
    EXPECT_TRUE(model.Possible(op, thread, *this).contains(outcome)) << TraitsOf(op.kind).name;
    acting_clock_ = &clocks_[Index(thread)];
    acting_fences_ = &fences_[Index(thread)];
    Event event;
    event.seq = ++seq_;
    event.by.thread = thread;
    event.by.outcome = outcome;
    event.by.source = source;
    const Transition by = event.by;
    model.Apply(op, by, *this, &event);
    event.op = nullptr;
    return event;
  }

  // The time of `thread` now; what it does before its next release carries this time.
  uint32_t Time(ThreadId thread) const { return clocks_[Index(thread)].time(); }
  // What happened in `other` at `time` happens before what `thread` does next.
  bool Knows(ThreadId thread, ThreadId other, uint32_t time) const {
    return clocks_[Index(thread)].At(other) >= time;
  }

  void SetNow(VirtualTime now) { now_ = now; }
  void AllowSpurious(uint32_t budget) { spurious_left_ = budget; }

  std::vector<std::string> misuse;

 private:
  std::vector<std::unique_ptr<SyncModel>> models_;
  std::vector<ThreadClock> clocks_;
  std::vector<FenceState> fences_;
  EventSeq seq_ = 0;
};

inline constexpr OutcomeSet kBlocked;

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_SUPPORT_FAKE_CONTEXT_H_
