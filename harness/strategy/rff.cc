#include "harness/strategy/rff.h"

#include <algorithm>
#include <string>

#include "harness/strategy/registry.h"

namespace heddle {
namespace {

constexpr EventMask kWrites = {OpKind::kStore,  OpKind::kRmw,     OpKind::kCompareExchange,
                               OpKind::kLock,   OpKind::kTryLock, OpKind::kAcquire,
                               OpKind::kRelease};
constexpr EventMask kReads = {OpKind::kLoad, OpKind::kRmw,     OpKind::kCompareExchange,
                              OpKind::kLock, OpKind::kTryLock, OpKind::kAcquire};
// What is remembered is bounded, however long the campaign.
constexpr size_t kMostReaders = 4'096;
constexpr size_t kMostThreadsEach = 256;
constexpr size_t kMostSeeds = 1'024;
constexpr size_t kMostCombinations = 65'536;
constexpr uint32_t kMostEnergy = 16;

uint64_t HashOf(const ReadsFrom& pair) {
  return MixSeed(MixSeed(pair.object, pair.write), pair.read);
}

std::vector<ReadsFromConstraint> ConstraintsOf(const Plan& plan) {
  std::vector<ReadsFromConstraint> constraints;
  for (size_t i = 0; i + Rff::kWordsEach <= plan.data.size(); i += Rff::kWordsEach) {
    const auto* const word = &plan.data[i];
    constraints.push_back({word[0], word[1], word[2], word[3], word[4] != 0});
  }
  return constraints;
}

}  // namespace

void RffDecider::Begin(const Plan& plan) {
  random_.Seed(plan.seed);
  priorities_.Clear();
  places_.clear();
  last_write_.clear();
  constraints_ = ConstraintsOf(plan);
  pairs_.clear();
  noted_.clear();
}

ThreadId RffDecider::Pick(const SchedulingPoint& point) {
  Meet(point);
  const auto enabled = point.enabled();
  ThreadId best = kNoThread, best_waiting = kNoThread;
  for (const ThreadId thread : enabled) {
    const uint64_t priority = priorities_.Of(thread, random_);
    const bool waits = WaitsFor(thread, *point.Pending(thread), point) != nullptr;
    ThreadId& leader = waits ? best_waiting : best;
    if (leader == kNoThread || priority > priorities_.Of(leader, random_)) leader = thread;
  }
  if (best == kNoThread) {
    best = best_waiting;
    while (ReadsFromConstraint* given_up = WaitsFor(best, *point.Pending(best), point)) {
      constraints_.erase(constraints_.begin() + (given_up - constraints_.data()));
    }
  }
  Note(best, *point.Pending(best), point);
  priorities_.Redraw(best, point);
  return best;
}

// Threads that have been started since the last step.
void RffDecider::Meet(const SchedulingPoint& point) {
  while (places_.size() < point.thread_count()) {
    const ThreadId thread{static_cast<uint32_t>(places_.size())};
    const ThreadId parent = point.Parent(thread);
    places_.push_back(
        parent == kNoThread ? 1 : MixSeed(places_[Index(parent)], point.Ordinal(thread)) | 1);
  }
}

bool RffDecider::IsReadOf(const ReadsFromConstraint& constraint, ThreadId thread,
                          const Operation& op) const {
  return kReads.contains(op.kind) && op.pc == constraint.read &&
         (constraint.thread == ReadsFromConstraint::kAnyThread ||
          constraint.thread == places_[Index(thread)]);
}

ReadsFromConstraint* RffDecider::WaitsFor(ThreadId thread, const Operation& op,
                                          const SchedulingPoint& point) {
  if (constraints_.empty() || op.object == kNoObject) return nullptr;
  const uintptr_t address = point.AddressOf(op.object);
  for (ReadsFromConstraint& constraint : constraints_) {
    if (constraint.object != address) continue;
    const bool in_place = LastWrite(op.object) == constraint.write;
    if (IsReadOf(constraint, thread, op)) {
      if (in_place == constraint.forbidden) return &constraint;
    } else if (!constraint.forbidden && in_place && kWrites.contains(op.kind) &&
               op.pc != constraint.write) {
      return &constraint;
    }
  }
  return nullptr;
}

uintptr_t& RffDecider::LastWrite(ObjectId object) {
  if (last_write_.size() <= Index(object)) last_write_.resize(Index(object) + 1, 0);
  return last_write_[Index(object)];
}

// `op` is carried out next: the pair that it shows, and the constraints that it meets.
void RffDecider::Note(ThreadId thread, const Operation& op, const SchedulingPoint& point) {
  if (op.object == kNoObject || !(kReads | kWrites).contains(op.kind)) return;
  const uintptr_t address = point.AddressOf(op.object);
  if (address == 0) return;
  uintptr_t& last_write = LastWrite(op.object);
  if (kReads.contains(op.kind)) {
    const ReadsFrom pair{address, last_write, op.pc, places_[Index(thread)]};
    if (noted_.insert(MixSeed(HashOf(pair), pair.thread)).second) pairs_.push_back(pair);
    std::erase_if(constraints_, [&](const ReadsFromConstraint& constraint) {
      return constraint.object == address && IsReadOf(constraint, thread, op);
    });
  }
  if (kWrites.contains(op.kind)) last_write = op.pc;
}

void RffDecider::End(ExecutionRecord* record) { record->reads_from.swap(pairs_); }

bool Rff::Next(Plan* plan) {
  plan->prefix.clear();
  plan->sleep.clear();
  plan->data.clear();
  if (readers_.empty()) return true;
  // Another stream than the decider's, which begins with the same seed.
  Random random(MixSeed(plan->seed, 1));
  std::vector<ReadsFromConstraint> constraints;
  if (random.Below(2) == 0) constraints = ChooseSeed().constraints;
  Mutate(random, &constraints);
  for (const ReadsFromConstraint& one : constraints) {
    plan->data.insert(plan->data.end(),
                      {one.object, one.read, one.write, one.thread, one.forbidden ? 1u : 0u});
  }
  return true;
}

// In turn, each for as long as its energy lasts: twice as long each time, the less the more often
// its combination of pairs has been seen; those seen more often than the average are passed over.
const Rff::Seed& Rff::ChooseSeed() {
  if (energy_ > 0) {
    --energy_;
    return seeds_[at_];
  }
  const uint64_t mean = learnt_ / std::max<size_t>(combinations_.size(), 1);
  for (size_t passed = 0; passed <= seeds_.size(); ++passed) {
    at_ = (at_ + 1) % seeds_.size();
    const auto seen = combinations_.find(seeds_[at_].combination);
    const uint32_t count = seen == combinations_.end() ? 1 : seen->second;
    if (count > mean + 1 && passed < seeds_.size()) continue;
    const uint32_t power = uint32_t{1} << std::min(seeds_[at_].chosen++, uint32_t{10});
    energy_ = std::min(power / count, kMostEnergy);
    break;
  }
  return seeds_[at_];
}

void Rff::Mutate(Random& random, std::vector<ReadsFromConstraint>* constraints) const {
  do {
    const uint32_t what = constraints->empty() ? 0 : random.Below(4);
    if (what <= 1 && constraints->size() < kMostConstraints) {
      const ReadsFromConstraint one = Draw(random);
      std::erase_if(*constraints, [&](const ReadsFromConstraint& other) {
        return other.object == one.object && other.read == one.read && other.thread == one.thread;
      });
      constraints->push_back(one);
    } else if (!constraints->empty()) {
      const uint32_t at = random.Below(static_cast<uint32_t>(constraints->size()));
      if (what == 2) {
        constraints->erase(constraints->begin() + at);
      } else {
        ReadsFromConstraint& one = (*constraints)[at];
        one.forbidden = !one.forbidden;
      }
    }
  } while (random.Below(3) == 0);
}

// A read that was seen, and a write to its object that was seen: often two that were not seen
// together.
ReadsFromConstraint Rff::Draw(Random& random) const {
  constexpr int kTries = 4;
  const auto one_of = [&](const auto& list) -> const auto& {
    return list[random.Below(static_cast<uint32_t>(list.size()))];
  };
  ReadsFromConstraint constraint;
  const Reader* reader = nullptr;
  const int tries = random.Below(2) == 0 ? kTries : 1;
  for (int i = 0; i < tries; ++i) {
    reader = &one_of(readers_);
    constraint.write = one_of(objects_[object_at_.at(reader->object)].writes);
    if (!pairs_.contains(HashOf({reader->object, constraint.write, reader->read, 0}))) break;
  }
  constraint.object = reader->object;
  constraint.read = reader->read;
  if (reader->threads.size() > 1 && random.Below(2) == 0) {
    constraint.thread = one_of(reader->threads);
  }
  return constraint;
}

// True: it is a new pair.
bool Rff::Meet(const ReadsFrom& pair) {
  const uint64_t read = MixSeed(pair.object, pair.read);
  const auto [reader_at, new_reader] = reader_at_.try_emplace(read, readers_.size());
  if (new_reader && readers_.size() == kMostReaders) {
    reader_at_.erase(reader_at);
    return false;
  }
  if (new_reader) readers_.push_back({pair.object, pair.read, {}});
  std::vector<uint64_t>& threads = readers_[reader_at->second].threads;
  if (threads.size() < kMostThreadsEach &&
      std::find(threads.begin(), threads.end(), pair.thread) == threads.end()) {
    threads.push_back(pair.thread);
  }
  const auto [object_at, new_object] = object_at_.try_emplace(pair.object, objects_.size());
  if (new_object) objects_.push_back({pair.object, {0}});
  std::vector<uintptr_t>& writes = objects_[object_at->second].writes;
  if (std::find(writes.begin(), writes.end(), pair.write) == writes.end()) {
    writes.push_back(pair.write);
  }
  return pairs_.insert(HashOf(pair)).second;
}

void Rff::Learn(const Plan& plan, const ExecutionRecord& record) {
  if (record.reads_from.empty()) return;
  uint64_t combination = 0;  // of a set: the same in whatever order they were seen
  bool something_new = false;
  for (const ReadsFrom& pair : record.reads_from) {
    combination += MixSeed(HashOf(pair), pair.thread);
    something_new = Meet(pair) || something_new;
  }
  if (combinations_.size() < kMostCombinations || combinations_.contains(combination)) {
    ++combinations_[combination];
    ++learnt_;
  }
  if (!something_new || seeds_.size() >= kMostSeeds || plan.data.empty()) return;
  seeds_.push_back({.constraints = ConstraintsOf(plan), .combination = combination});
}

StrategyProgress Rff::Progress() const {
  StrategyProgress progress;
  progress.note = "reads-from: " + std::to_string(pairs_.size()) +
                  " pairs of a write and a read, " + std::to_string(seeds_.size()) +
                  (seeds_.size() == 1 ? " constraint set kept" : " constraint sets kept");
  return progress;
}

StrategyInfo DescribeRff() {
  return {.name = "rff",
          .summary =
              "constraints on which write a read reads from, mutated where they show what is "
              "new (RFF, ASPLOS 2024)",
          .make = [](std::span<const uint64_t>) -> std::unique_ptr<Strategy> {
            return std::make_unique<Rff>();
          }};
}

}  // namespace heddle
