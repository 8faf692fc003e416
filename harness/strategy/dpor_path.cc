#include "harness/strategy/dpor_path.h"

#include <algorithm>

namespace heddle {
namespace {

bool IsRelease(OpKind kind) {
  return kind == OpKind::kUnlock || kind == OpKind::kUnlockShared || kind == OpKind::kWait;
}

// Takes a mutex, for sure and after having waited for it.
bool IsPlainLock(OpKind kind, bool may_wait) { return kind == OpKind::kLock && !may_wait; }

// Whoever conflicts with `later` on this object and came before `earlier` conflicts with that, too.
bool Hides(Footprint earlier, Footprint later) {
  return (later.touches() & ~earlier.changes()) == 0;
}

// Most of what is appended is one element or none.
template <typename T>
Range Append(std::vector<T>* to, std::span<const T> from) {
  const Range range{static_cast<uint32_t>(to->size()), static_cast<uint32_t>(from.size())};
  for (const T& one : from) to->push_back(one);
  return range;
}

}  // namespace

bool DporPath::IsEnabledAt(uint32_t i, uint32_t thread) const {
  const auto enabled = EnabledAt(i);
  return thread / 64 < enabled.size() && (enabled[thread / 64] >> (thread % 64) & 1) != 0;
}

uint32_t DporPath::NextOf(uint32_t thread, uint32_t i) const {
  uint32_t next = kNone;
  if (thread >= last_of_.size()) return next;
  for (uint32_t k = last_of_[thread]; k != kNone && k > i; k = steps_[k].previous) next = k;
  return next;
}

bool DporPath::IsInitialAfter(uint32_t i, uint32_t k) const {
  const uint32_t* const clock = ClockOf(k);
  for (uint32_t t = 0; t < stride_; ++t) {
    if (clock[t] > i && t != steps_[k].thread) return false;
  }
  return steps_[k].previous == kNone || steps_[k].previous < i;
}

void DporPath::MakeRoomFor(uint32_t thread) {
  if (thread < stride_) return;
  const uint32_t stride = std::max(2 * stride_, thread / kBlock * kBlock + kBlock);
  std::vector<uint32_t> clocks(size_t{stride} * steps_.size(), 0);
  for (size_t i = 0; i < steps_.size(); ++i) {
    std::copy_n(clocks_.begin() + static_cast<ptrdiff_t>(i * stride_), stride_,
                clocks.begin() + static_cast<ptrdiff_t>(i * stride));
  }
  clocks_ = std::move(clocks);
  for (Barrier& barrier : barriers_) barrier.clock.resize(stride, 0);
  stride_ = stride;
  clock_.resize(stride, 0);
  beginning_.resize(stride, 0);
  last_of_.resize(stride, kNone);
  births_.resize(stride, kNone);
}

uint32_t DporPath::HistoryOf(uint64_t object) {
  Known& known = known_[object * 0x9e3779b97f4a7c15 >> (64 - kKnownBits)];
  if (known.object == object && known.history != kNone) return known.history;
  const auto [found, is_new] =
      objects_.try_emplace(object, static_cast<uint32_t>(histories_.size()));
  if (is_new) histories_.emplace_back();
  known = {object, found->second};
  return found->second;
}

void DporPath::AddBirth(uint32_t thread, uint32_t step) {
  MakeRoomFor(thread);
  births_[thread] = step;
}

void DporPath::Truncate(uint32_t size) {
  while (steps_.size() > size) {
    const Step& step = steps_.back();
    for (const uint32_t history : Slice(history_of_, step.accesses)) {
      histories_[history].pop_back();
    }
    history_of_.resize(step.accesses.first);
    last_of_[step.thread] = step.previous;
    while (barriers_.size() > step.barriers) barriers_.pop_back();
    accesses_.resize(step.accesses.first);
    values_.resize(step.values.first);
    enabled_.resize(step.enabled.first);
    steps_.pop_back();
  }
}

void DporPath::TruncateValues(uint32_t count) {
  Range& values = steps_.back().values;
  values_.resize(values.first + count);
  values.size = count;
}

void DporPath::StartClock(uint32_t thread) {
  uint32_t from = last_of_[thread];
  if (from == kNone) from = births_[thread];
  own_clock_ = from == kNone ? beginning_.data() : ClockOf(from);
  std::copy_n(own_clock_, stride_, clock_.begin());
}

void DporPath::Join(const uint32_t* other) {
  uint32_t* clock = clock_.data();
  for (const uint32_t* const end = other + stride_; other != end;
       other += kBlock, clock += kBlock) {
    for (uint32_t t = 0; t < kBlock; ++t) clock[t] = std::max(clock[t], other[t]);
  }
}

void DporPath::Meet(const Access& access, const History& history, uint32_t thread,
                    std::vector<uint32_t>* races) {
  const bool is_lock = IsPlainLock(access.kind, access.may_wait);
  // Since when it waits nobody knows: what the other threads did meanwhile orders nothing.
  const bool waits = is_lock || access.may_wait;
  uint32_t released = kNone;
  uint32_t nested = 0;  // releases of another thread that are not paired with its acquires yet
  for (size_t k = history.size(); k-- > 0;) {
    const Entry& entry = history[k];
    if (!Conflict(entry.footprint, access.footprint)) continue;
    const uint32_t i = entry.position;
    if (steps_[i].thread == thread) {
      if (Hides(entry.footprint, access.footprint)) break;
      continue;
    }
    if (is_lock && IsRelease(entry.kind)) {
      if (released == kNone) released = i;
      if (entry.kind != OpKind::kUnlockShared) ++nested;
      continue;
    }
    if (is_lock && nested > 0 && entry.footprint.changes() != 0) {
      // Of a recursive mutex, only before the outermost acquire could this one come.
      if (--nested > 0) continue;
    }
    const bool is_needed = access.kind == OpKind::kJoin && entry.kind == OpKind::kExit;
    if (!is_needed && !IsBefore(i, waits ? own_clock_ : clock_.data())) races->push_back(i);
    Join(i);
    const bool hides = Hides(entry.footprint, access.footprint);
    if (access.may_wait ? hides && IsBefore(i, own_clock_)
        : is_lock       ? IsPlainLock(entry.kind, entry.may_wait)
                        : hides) {
      break;
    }
  }
  if (released != kNone) Join(released);
}

// The step comes after all there are, latest first: a step that another of them comes after is not
// next to this one.
void DporPath::MeetEverything(uint32_t thread, std::vector<uint32_t>* races) {
  scratch_.clear();
  for (uint32_t t = 0; t < stride_; ++t) {
    if (t != thread && last_of_[t] != kNone) scratch_.push_back(last_of_[t]);
  }
  std::sort(scratch_.rbegin(), scratch_.rend());
  for (const uint32_t i : scratch_) {
    if (IsBefore(i, clock_.data())) continue;
    races->push_back(i);
    Join(i);
  }
}

void DporPath::FindRaces(uint32_t thread, std::span<const Access> accesses,
                         std::vector<uint32_t>* races) {
  races->clear();
  MakeRoomFor(thread);
  StartClock(thread);
  if (!barriers_.empty()) {
    const Barrier& barrier = barriers_.back();
    if (barrier.is_step && !IsBefore(barrier.position, clock_.data()))
      races->push_back(barrier.position);
    Join(barrier.clock.data());
  }
  looked_up_.clear();
  for (const Access& access : accesses) {
    looked_up_.push_back(HistoryOf(access.object));
    Meet(access, histories_[looked_up_.back()], thread, races);
  }
}

// Its thread holds the mutex already.
bool DporPath::IsNested(const History& history, size_t acquire) const {
  const uint32_t thread = steps_[history[acquire].position].thread;
  int held = 0;
  for (size_t k = acquire; k-- > 0 && steps_[history[k].position].thread == thread;) {
    held += history[k].kind == OpKind::kLock ? 1 : -1;
    if (held > 0) return true;
  }
  return false;
}

bool DporPath::FindAcquires(uint64_t mutex, uint32_t thread, uint32_t previous,
                            std::vector<uint32_t>* acquires) {
  acquires->clear();
  const History& history = histories_[HistoryOf(mutex)];
  for (size_t k = history.size(); k-- > 0;) {
    const Entry& entry = history[k];
    if (entry.may_wait || (entry.kind != OpKind::kLock && entry.kind != OpKind::kUnlock)) {
      return false;
    }
    const uint32_t i = entry.position;
    if (previous != kNone && (i == previous || (i < previous && HappensBefore(i, previous)))) break;
    if (entry.kind == OpKind::kLock && steps_[i].thread != thread && !IsNested(history, k)) {
      acquires->push_back(i);
    }
  }
  return true;
}

void DporPath::Add(const TracedStep& traced, const StepTrace& trace, std::vector<uint32_t>* races) {
  const auto accesses = Slice(trace.accesses, traced.accesses);
  FindRaces(traced.thread, accesses, races);
  if ((traced.effects & kOrderMatters) != 0) {
    MeetEverything(traced.thread, races);
  }
  const uint32_t position = size();
  // Filled in place: a copy would wait for what has just been written in other sizes.
  Step& step = steps_.emplace_back();
  step.pick = traced.pick;
  step.thread = traced.thread;
  step.effects = traced.effects;
  step.accesses = Append(&accesses_, accesses);
  step.values = Append(&values_, Slice(trace.values, traced.values));
  step.enabled = Append(&enabled_, Slice(trace.enabled, traced.enabled));
  step.previous = last_of_[traced.thread];
  step.barriers = static_cast<uint32_t>(barriers_.size());
  for (size_t i = 0; i < accesses.size(); ++i) {
    const Access& access = accesses[i];
    histories_[looked_up_[i]].push_back(
        Entry{position, access.kind, access.may_wait, access.footprint});
    history_of_.push_back(looked_up_[i]);
  }
  last_of_[traced.thread] = position;
  clock_[traced.thread] = position + 1;
  if (clocks_.size() < size_t{position + 1} * stride_) {
    clocks_.resize(std::max(2 * clocks_.size(), size_t{64} * stride_));
  }
  std::copy_n(clock_.data(), stride_, clocks_.data() + size_t{position} * stride_);
  AddBarrier(step, position);
}

void DporPath::AddBarrier(const Step& step, uint32_t position) {
  if ((step.effects & (kOrderMatters | kTimePassed)) == 0) return;
  if ((step.effects & kTimePassed) != 0) {
    for (const uint32_t last : last_of_) {
      if (last != kNone) Join(last);
    }
  }
  barriers_.push_back(Barrier{position, (step.effects & kOrderMatters) != 0, clock_});
}

}  // namespace heddle
