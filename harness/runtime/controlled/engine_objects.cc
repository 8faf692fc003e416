// Objects, ordinary memory and the heap: see engine.h.
#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "harness/core/check.h"
#include "harness/core/random.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/runtime/heap/malloc_interpose.h"
#include "harness/runtime/heap/poison.h"
#include "harness/runtime/heap/program_context.h"
#include "harness/runtime/heap/reachability.h"
#include "harness/runtime/heap/sanitizer_heap.h"

namespace heddle {
namespace {

Witness SiteOf(const char* role, const HeapSite& site) {
  Witness witness;
  witness.role = role;
  witness.thread = ThreadId{site.thread};
  witness.pc = site.pc;
  return witness;
}

// A bit that neither addresses of a program nor the other places of PlaceOf have.
constexpr uintptr_t kNamedByBlock = uintptr_t{1} << 60;
constexpr int kNameShift = 5;  // of hashes, so that offsets added to them do not reach it

bool IsPoison(const ShadowCell& cell) {
  ShadowCell poison;
  std::memset(static_cast<void*>(&poison), kFreedByte, sizeof(poison));
  return cell.write == poison.write && cell.read == poison.read;
}

std::string_view NounOf(const SyncModel& model) {
  return model.noun != nullptr ? model.noun : NameOf(model.kind);
}

// An access in the fair tail, which leaves the variable's memory as it is: see engine_livelock.cc.
// A function of its own, so that the copy, in which there are clocks, is dead stack afterwards.
__attribute__((noinline)) RaceShadow::Conflict CheckAsItWas(OpKind kind,
                                                            const ShadowCell& cell,
                                                            const ThreadClock& clock,
                                                            RaceShadow* shadow) {
  ShadowCell copy = cell;
  return kind == OpKind::kRead ? shadow->OnRead(copy, clock) : shadow->OnWrite(copy, clock);
}

}  // namespace

void ControlledEngine::AddBlock(const BlockInfo& block, Suspicion* suspicion) const {
  const bool recorded = observer_ != nullptr;
  const auto add = [&](const char* role, const HeapSite& site, Stack stack) {
    suspicion->witnesses.push_back(SiteOf(role, site));
    suspicion->witnesses.back().stack = std::move(stack);
  };
  add("allocated", block.allocated_by, recorded ? observer_->AllocationOf(block.serial) : Stack());
  if (block.state != BlockState::kFreed) return;
  add("freed", block.freed_by, recorded ? observer_->ReleaseOf(block.serial) : Stack());
}

// A sanitizer's heap gives other addresses in each execution: what lies there is known to
// strategies by its block, and where in it.
uintptr_t ControlledEngine::AddressName(const void* address) const {
  if constexpr (!kHeapIsDeterministic) {
    if (const auto place = SanitizerHeap::Find(address)) {
      const uint64_t thread = threads_[place->thread]->name;
      const uint64_t block = MixOrder(MixOrder(thread, place->size), place->ordinal);
      return kNamedByBlock | ((block >> kNameShift) + place->offset);
    }
  }
  return reinterpret_cast<uintptr_t>(address);
}

bool ControlledEngine::IsOnHeap(const SyncModel& model) const {
  if constexpr (!kHeapIsDeterministic) return (model.address & kNamedByBlock) != 0;
  return heap_->Contains(reinterpret_cast<const void*>(model.address));
}

ObjectId ControlledEngine::Register(ObjectHandle& handle, const ObjectInit& init) {
  HarnessScope scope;
  if constexpr (kThreadSanitizer) TakeSanitizerReports(*active_);
  HEDDLE_CHECK(objects_.size() < ObjectHandle::kMaxId, "too many objects in one execution");
  bool name_is_lost = tearing_down_;  // it may lie in frames that are gone
  if (heap_ != nullptr && heap_->Contains(init.address)) {
    CheckAddressIsLive(init, reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
    name_is_lost |= heap_->IsFreed(init.address);  // what is left of it is poison
  }
  SyncModel& model = objects_.Add(init, active_->id);
  model.address = AddressName(init.address);
  if (name_is_lost) [[unlikely]] model.name = nullptr;
  if (!used_freed_memory_) handle = ObjectHandle(stamp_, model.id);
  if (observer_ != nullptr) [[unlikely]] {
    ObjectInit known = init;
    known.name = model.name;
    observer_->OnObject(model.id, known, model.creator);
  }
  return model.id;
}

// What an object keeps of the current execution is not there, inside memory that has been freed:
// the poison overwrote it. Told once for a block: what this object and others write there now is
// the same bug.
void ControlledEngine::CheckAddressIsLive(const ObjectInit& init, uintptr_t pc) {
  if (tearing_down_) return;
  const std::optional<BlockInfo> block = heap_->Describe(init.address);
  if (!block || block->state != BlockState::kFreed || IsUsedFreedBlock(*block)) return;
  used_freed_blocks_.push_back(block->serial);
  const bool checking = std::exchange(checking_, false);
  Annotate(Annotation::kFailure, kNoObject, 0);
  Suspicion suspicion;
  suspicion.kind = FindingKind::kUseAfterFree;
  suspicion.message =
      "use of " + WithArticle(init.noun != nullptr ? init.noun : NameOf(init.kind)) +
      " in memory that has been freed";
  suspicion.witnesses.push_back(Witness{"use after free", active_->id, seq_, kNoObject, 0, {}, 0});
  AddBlock(*block, &suspicion);
  suspicion.key = MixSeed(static_cast<uint64_t>(suspicion.kind), pc);
  Raise(std::move(suspicion));
  checking_ = checking;
  EndIfAsked();
}

bool ControlledEngine::IsUsedFreedBlock(const BlockInfo& block) const {
  return std::find(used_freed_blocks_.begin(), used_freed_blocks_.end(), block.serial) !=
         used_freed_blocks_.end();
}

void ControlledEngine::Destroy(ObjectHandle& handle, ObjectKind kind) {
  if (!handle.Belongs(stamp_)) return;
  SyncModel& model = objects_[handle.id()];
  handle = ObjectHandle();
  model.destroyed = true;
  if (tearing_down_ | checking_) return;
  ++seq_;
  // In nearly every execution an object is destroyed when nobody uses it any more.
  if (model.pending > 0 || model.first_waiter != SyncModel::kNoWaiter || !model.InUse().empty() ||
      wanted_.contains(OpKind::kDestroy)) {
    ExamineDestruction(model, kind, reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
  }
}

void ControlledEngine::ExamineDestruction(SyncModel& model, ObjectKind kind, uintptr_t pc) {
  HarnessScope scope;
  ThreadState& self = *active_;
  Operation op{.kind = OpKind::kDestroy, .object = model.id};
  op.pc = pc;
  if (observer_ != nullptr) observer_->OnPending(self.id, op);
  std::string_view in_use = model.InUse();
  // Threads that a condition variable has notified need it no longer
  // ([thread.condition.condvar]/4).
  if (in_use.empty() && model.first_waiter != SyncModel::kNoWaiter &&
      kind != ObjectKind::kCondVar) {
    in_use = "waited on";
  }
  if (!in_use.empty()) {
    ReportMisuse(FindingKind::kMisuse, op, self.id,
                 "destruction of " + WithArticle(NounOf(model)) + " that is " +
                     std::string(in_use));
  }
  if (model.pending > 0) CheckNobodyIsAboutToUse(op);
  if (wanted_.contains(OpKind::kDestroy)) EmitDone(self, op);
}

// A thread that has got hold of the object, but not yet made its step on it, makes it after the
// end.
// (Operations that can block are in the object's list of waiters: Destroy has reported them.)
void ControlledEngine::CheckNobodyIsAboutToUse(const Operation& destroy) {
  for (uint32_t i = 0; i < thread_count_; ++i) {
    const ThreadState& other = *threads_[i];
    if (&other == active_ || other.status == ThreadStatus::kFinished) continue;
    const Operation& pending = *other.pending;
    if (pending.object != destroy.object || TraitsOf(pending.kind).may_block) continue;
    Suspicion suspicion;
    suspicion.kind = FindingKind::kUseAfterFree;
    suspicion.message = "destruction of " + WithArticle(NounOf(objects_[destroy.object])) +
                        " that another thread is about to use (" +
                        std::string(TraitsOf(pending.kind).name) + ")";
    suspicion.object = destroy.object;
    suspicion.witnesses.push_back(
        Witness{"destroy", active_->id, seq_, destroy.object, 0, {}, 0});
    suspicion.witnesses.push_back(
        Witness{"about to use", other.id, 0, destroy.object, 0, {}, pending.pc});
    suspicion.key = MixSeed(static_cast<uint64_t>(suspicion.kind), destroy.pc, pending.pc);
    Raise(std::move(suspicion));
    if (heap_ == nullptr) continue;
    // The step that it makes once the block has been freed is this bug, and none of its own.
    const auto* const address = reinterpret_cast<const void*>(objects_[destroy.object].address);
    if (const auto block = heap_->Describe(address); block && !IsUsedFreedBlock(*block)) {
      used_freed_blocks_.push_back(block->serial);
    }
  }
}

// Of a variable whose clocks are poison: before they are overwritten.
void ControlledEngine::CheckVarIsLive(const ObjectInit& var, uintptr_t pc) {
  if (heap_ == nullptr || !heap_->Contains(var.address)) return;
  HarnessScope scope;
  CheckAddressIsLive(var, pc);
}

void ControlledEngine::OnReadSlow(ShadowCell& cell, const ObjectInit& var) {
  if (IsPoison(cell)) [[unlikely]] {
    CheckVarIsLive(var, reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
  }
  if (tearing_down_ | checking_) return;
  if (every_access_) [[unlikely]] ForgetFormerVar(cell, var);
  const RaceShadow::Conflict conflict = watches_states_
                                            ? CheckWatched(OpKind::kRead, cell)
                                            : shadow_.OnRead(cell, active_->clock);
  if (conflict.found | every_access_) [[unlikely]] {
    NoteAccess(OpKind::kRead, var, reinterpret_cast<uintptr_t>(__builtin_return_address(0)),
               conflict);
  }
}

void ControlledEngine::OnWriteSlow(ShadowCell& cell, const ObjectInit& var) {
  if (tearing_down_ | checking_) return;
  if (!(every_access_ | in_fair_tail_ | IsPoison(cell)) &&
      shadow_.WriteInOrder(cell, epoch_, active_->clock)) [[likely]] {
    active_->spin.Clear();
    return;
  }
  OnWriteSlower(cell, var, reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
}

__attribute__((noinline)) void ControlledEngine::OnWriteSlower(ShadowCell& cell,
                                                               const ObjectInit& var,
                                                               uintptr_t pc) {
  if (IsPoison(cell)) [[unlikely]] CheckVarIsLive(var, pc);
  // Only where the inline check does not know it, either: a recorded execution, which comes here
  // for every write, sets the same threads aside.
  if (!cell.WriteIsKnown(Epoch(stamp_, active_->id, active_->clock.time()))) active_->spin.Clear();
  if (every_access_) [[unlikely]] ForgetFormerVar(cell, var);
  const RaceShadow::Conflict conflict = watches_states_
                                            ? CheckWatched(OpKind::kWrite, cell)
                                            : shadow_.OnWrite(cell, active_->clock);
  if (conflict.found | every_access_) [[unlikely]] {
    NoteAccess(OpKind::kWrite, var, pc, conflict);
  }
}

// An access while states are compared.
__attribute__((noinline)) RaceShadow::Conflict ControlledEngine::CheckWatched(OpKind kind,
                                                                              ShadowCell& cell) {
  const ThreadClock& clock = active_->clock;
  const RaceShadow::Conflict conflict = in_fair_tail_ ? CheckAsItWas(kind, cell, clock, &shadow_)
                                        : kind == OpKind::kRead ? shadow_.OnRead(cell, clock)
                                                                : shadow_.OnWrite(cell, clock);
  ClearDeadStack(*active_);
  return conflict;
}

// A variable that has not been accessed in this execution is not the one that lay here before.
void ControlledEngine::ForgetFormerVar(const ShadowCell& cell, const ObjectInit& var) {
  if (shadow_.Knows(cell) || vars_.empty()) return;
  HarnessScope scope;
  std::erase_if(vars_, [&](const auto& known) { return known.first == var.address; });
}

// An access that somebody looks at, or that takes part in a race.
void ControlledEngine::NoteAccess(OpKind kind, const ObjectInit& var, uintptr_t pc,
                                  const RaceShadow::Conflict& conflict) {
  HarnessScope scope;
  if (recording_ || wanted_.contains(kind)) RecordAccess(kind, var, pc);
  if (conflict.found) ReportRace(conflict, kind == OpKind::kWrite, var, pc);
  EndIfAsked();
}

void ControlledEngine::OnValueSlow(const void* value, uint32_t size) {
  HarnessScope scope;
  if (observer_ != nullptr && !tearing_down_ && !checking_) observer_->OnValue(seq_, value, size);
}

// Variables become objects only where somebody looks at them.
ObjectId ControlledEngine::VarObject(const ObjectInit& var) {
  for (const auto& [address, id] : vars_) {
    if (address == var.address) return id;
  }
  ObjectHandle handle;
  const ObjectId id = Register(handle, var);
  vars_.emplace_back(var.address, id);
  return id;
}

void ControlledEngine::RecordAccess(OpKind kind, const ObjectInit& var, uintptr_t pc) {
  ThreadState& self = *active_;
  Operation op{.kind = kind, .size = static_cast<uint8_t>(std::min<uint32_t>(var.size, 255)),
               .object = VarObject(var)};
  op.pc = pc;
  if (observer_ != nullptr) observer_->OnPending(self.id, op);
  const Event event{++seq_, &op, Transition{self.id, Outcome::kDone, 0}, 0, 0, &self.clock};
  if (wanted_.contains(kind)) Emit(event);
}

void ControlledEngine::ReportRace(const RaceShadow::Conflict& conflict, bool is_write,
                                  const ObjectInit& var, uintptr_t pc) {
  const ObjectId object = recording_ ? VarObject(var) : kNoObject;
  Suspicion suspicion;
  suspicion.kind = FindingKind::kDataRace;
  suspicion.object = object;
  suspicion.witnesses.push_back(
      Witness{is_write ? "write" : "read", active_->id, seq_, object, 0, {}, 0});
  suspicion.witnesses.push_back(
      Witness{conflict.earlier_is_write ? "write" : "read", conflict.thread, 0, object,
              conflict.time,
              conflict.earlier_is_write ? EventMask{OpKind::kWrite} : EventMask{OpKind::kRead}, 0});
  suspicion.key = MixSeed(static_cast<uint64_t>(suspicion.kind), pc,
                          (is_write ? 1u : 0u) | (conflict.earlier_is_write ? 2u : 0u));
  Raise(std::move(suspicion));
}

// What freed memory holds now may be the harness's own, which a program that uses it overwrites: no
// execution goes on from there.
void ControlledEngine::TakeSanitizerReports(ThreadState& self) {
  DeliverSanitizerReports();
  if (used_freed_memory_ && !tearing_down_) StopExecution(self);
}

// A race on memory that no Var wraps, by an access of the running thread since its last operation.
void ControlledEngine::OnSanitizerRace(const SanitizerRace& race) {
  if (active_ == nullptr || tearing_down_ || checking_) return;
  HarnessScope scope;
  Suspicion suspicion;
  suspicion.kind = race.is_use_after_free ? FindingKind::kUseAfterFree : FindingKind::kDataRace;
  suspicion.key = static_cast<uint64_t>(suspicion.kind);
  if (race.is_use_after_free) {
    used_freed_memory_ = true;
    suspicion.message = std::string("memory is ") +
                        (race.accesses[0].is_write ? "written" : "read") +
                        " after it has been freed";
  }
  for (const SanitizerAccess& access : race.accesses) {
    Witness witness;
    witness.role = access.is_write ? "write" : "read";
    if (race.is_use_after_free && &access != &race.accesses[0]) witness.role = "freed";
    for (uint32_t i = 0; i < thread_count_; ++i) {
      if (threads_[i]->donor.os_thread() == access.os_thread) witness.thread = ThreadId{i};
    }
    for (uintptr_t pc : access.stack) {
      if (pc != 0) witness.stack.push_back(pc);
    }
    suspicion.key += MixSeed(access.stack[0], access.is_write ? 1 : 0);
    suspicion.witnesses.push_back(std::move(witness));
  }
  suspicion.witnesses.front().seq = seq_;
  Raise(std::move(suspicion));
  EndIfAsked();
}

uint64_t ControlledEngine::Intern(const void* value, uint32_t size) {
  HarnessScope scope;
  const std::string_view bytes(static_cast<const char*>(value), size);
  for (size_t i = 0; i < interned_.size(); ++i) {
    if (interned_[i] == bytes) return i;
  }
  interned_.emplace_back(bytes);
  return interned_.size() - 1;
}

void ControlledEngine::Interned(uint64_t id, void* value, uint32_t size) const {
  HEDDLE_CHECK(id < interned_.size() && interned_[id].size() == size, "an unknown interned value");
  std::memcpy(value, interned_[id].data(), size);
}

void ControlledEngine::Annotate(Annotation what, ObjectId object, uint64_t argument) {
  if (tearing_down_ || checking_) return;
  HarnessScope scope;
  if (what == Annotation::kNotJudged) ++result_.not_judged;
  ThreadState& self = *active_;
  Operation op{.kind = OpKind::kAnnotate, .object = object,
               .operand = static_cast<uint64_t>(what), .expected = argument};
  op.pc = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  if (observer_ != nullptr) observer_->OnPending(self.id, op);
  const Event event{++seq_, &op, Transition{self.id, Outcome::kDone, 0}, argument, 0, &self.clock};
  if (wanted_.contains(OpKind::kAnnotate)) Emit(event);
}

void ControlledEngine::Fail(FindingKind kind, const char* message) {
  if (tearing_down_) return;
  HarnessScope scope;
  const bool checking = checking_;
  if (checking && kind == FindingKind::kAssertion) kind = FindingKind::kInvariant;
  RaiseHere(kind, message, reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
  if (kind != FindingKind::kAssertion && kind != FindingKind::kInvariant) {
    checking_ = checking;  // the check goes on
    return EndIfAsked();
  }
  EndOnThisStack();
}

// Whether all other threads have ended, each before what this one does now under every schedule.
// (One that it does not know of would have been created by one that it does.)
bool ControlledEngine::KnowsAllEnds(const ThreadState& self) {
  if (unfinished_ > 1) return false;
  if (threads_at_rest_ == thread_count_) return true;
  for (uint32_t i = 0; i < thread_count_; ++i) {
    const ThreadClock& other = threads_[i]->clock;
    // The last thing that a thread does is to release its clock, whose time goes on.
    if (threads_[i].get() != &self && self.clock.At(ThreadId{i}) + 1 < other.time()) return false;
  }
  threads_at_rest_ = thread_count_;
  return true;
}

uint32_t ControlledEngine::DecideReuse(void* engine, uint32_t own, uint32_t all) {
  auto* self = static_cast<ControlledEngine*>(engine);
  if (self->tearing_down_ || self->checking_ || self->active_ == nullptr) return 0;
  // Alone, a thread meets at a place that is used again what it left there itself.
  if (self->KnowsAllEnds(*self->active_)) return 0;
  const uintptr_t program = program_context.thread_pointer;
  LeaveProgram();
  const uint32_t answer = self->DecideValue(
      ValueChoice{ChoiceKind::kReuse, self->active_->id, nullptr, all, own});
  program_context.thread_pointer = program;
  return answer;
}

void ControlledEngine::OnHeapFault(const HeapFault& fault) {
  if (tearing_down_) return;
  HarnessScope scope;
  Suspicion suspicion;
  switch (fault.kind) {
    case HeapFaultKind::kDoubleFree:
      suspicion.kind = FindingKind::kDoubleFree;
      suspicion.message = "a block is freed that has been freed already";
      break;
    case HeapFaultKind::kInvalidFree:
      suspicion.kind = FindingKind::kMisuse;
      suspicion.message = "free of an address that no allocation returned";
      break;
    case HeapFaultKind::kWriteAfterFree:
      // Told where it was used: what has been written since may be the primitive's own.
      if (IsUsedFreedBlock(*fault.block)) return;
      suspicion.kind = FindingKind::kUseAfterFree;
      suspicion.message = "a freed block was written to";
      break;
    case HeapFaultKind::kMemoryLimit:
      suspicion.kind = FindingKind::kCrash;
      suspicion.message = "memory exhausted: the program holds more than the limit of " +
                          std::to_string(options_.memory_limit >> 20) + " MiB";
      break;
    case HeapFaultKind::kSizeTooLarge:
      return;  // no heap could have met it: it fails as the standard says, which a program may try
  }
  const ThreadId thread = active_ != nullptr ? active_->id : ThreadId{fault.site.thread};
  if (active_ != nullptr) Annotate(Annotation::kFailure, kNoObject, 0);
  suspicion.witnesses.push_back(
      Witness{"here", thread, active_ != nullptr ? seq_ : 0, kNoObject, 0, {}, 0});
  if (fault.block) AddBlock(*fault.block, &suspicion);
  suspicion.key = MixSeed(static_cast<uint64_t>(suspicion.kind), fault.site.pc);
  Raise(std::move(suspicion));
  // What the program makes of an allocation that fails follows from the limit, not from the bug.
  if (fault.kind == HeapFaultKind::kMemoryLimit && active_ != nullptr) EndOnThisStack();
  EndIfAsked();
}

void ControlledEngine::ReportLeaks() {
  const std::vector<AddressRange> skip = {
      {reinterpret_cast<uintptr_t>(this), reinterpret_cast<uintptr_t>(this + 1)}};
  const LiveBlockClasses classes = ClassifyLiveBlocks(*heap_, skip);
  const auto report = [&](const BlockInfo& block, FindingKind kind, const char* what) {
    Suspicion suspicion;
    suspicion.kind = kind;
    suspicion.message = std::to_string(block.size) + " bytes " + what;
    AddBlock(block, &suspicion);
    suspicion.key = MixSeed(static_cast<uint64_t>(kind), block.allocated_by.pc);
    suspicions_->Report(std::move(suspicion));
  };
  for (const BlockInfo& block : classes.leaked) {
    report(block, FindingKind::kLeak, "were never freed");
  }
  for (const BlockInfo& block : classes.still_reachable) {
    report(block, FindingKind::kNondeterminism,
           "outlive the execution: static storage still points to them");
  }
}

}  // namespace heddle
