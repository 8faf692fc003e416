// Recognises a loop that reads what does not change: a thread that waits without blocking.
//
// Keeps the reads that a thread has made since it last changed or learnt anything: loads,
// comparisons and tries that failed, read-modify-writes that store what they have read (a spin
// lock's exchange while the lock is taken), waits for no time; and what passes between them without
// looking at anything (fences, references that are let go of), which alone makes no loop that
// waits. A read that is there already and has seen the same thing is a repetition; one that sees
// something else begins anew. From the kThreshold-th time on, or the one before if the thread has
// yielded since the first, the thread *spins*. What the loop reads is then known: all that was read
// twice.
//
// A loop may give up after a number of looks, by a count that nobody else can see. So one that
// spins is first let run ahead, up to kSettled looks; only one that has then not ended *is settled*
// and waits for a change of what it reads (engine_spin.cc).
//
// Accesses to atomics and tries are *tracked*: whether they would see something new can be asked.
// Plain variables need not be: another thread's write is a race, unless something that the loop
// reads orders it. Loops that also sleep or wait for no time, or make more than kEntries reads, are
// not waiting for anything in particular. Nor are those that take a lock, look at what it protects
// and let it go: from the kPolls-th time on that nobody has come between, the thread *polls*.
//
// Cost: a few compares a read or a lock.
#ifndef HEDDLE_HARNESS_RUNTIME_CONTROLLED_SPIN_DETECTOR_H_
#define HEDDLE_HARNESS_RUNTIME_CONTROLLED_SPIN_DETECTOR_H_

#include <cstdint>
#include <span>

#include "harness/core/ids.h"
#include "harness/core/operation.h"

namespace heddle {

class SpinDetector {
 public:
  static constexpr int kEntries = 6;
  static constexpr uint8_t kThreshold = 3;
  static constexpr uint8_t kSettled = 35;
  static constexpr int kPolls = 10;

  enum class At : uint8_t {
    kAtomic,
    kRewritten,  // an atomic, by a read-modify-write
    kTry,
    kNothing,    // it only passes
    kUntracked
  };
  struct Entry {
    uintptr_t pc;
    uint64_t seen;  // the event that stored what was read; of a try, its kind
    EventSeq seq;   // the last time
    ObjectId object;
    OpKind kind;
    At at;
    uint8_t times;
    uint8_t yielded;  // since the first time: 0 or 1
    bool repeats() const { return times > 1; }
    bool looks_again() const { return repeats() && at != At::kNothing; }
  };

  // The thread changed something, or learnt something else.
  void Clear() { used_ = polls_ = 0; }
  // What a read tells of the loop that it may be part of.
  enum class Tells : uint8_t {
    kNothing,
    kSpins,  // it has seen the same once more
    kNews,   // it has not, or the thread would spin; to begin anew, clear and tell again
  };
  // It took a lock; `again`: at the same place as before, and nobody else has since. Returns true
  // when it does nothing but that.
  bool OnLock(bool again) {
    used_ = 0;
    polls_ = again ? polls_ + 1 : 0;
    return polls_ >= kPolls;
  }
  void OnUnlock() { used_ = 0; }

  // The event `seq`.
  Tells OnRead(const Operation& op, EventSeq seq, uint64_t seen, At at) {
    for (int i = 0; i < used_; ++i) {
      Entry& entry = entries_[i];
      if (entry.pc != op.pc || entry.object != op.object) continue;
      entry.times += entry.times < kSettled ? 1 : 0;
      const bool would_spin = entry.times + entry.yielded >= kThreshold;
      if (entry.seen != seen) {
        if (would_spin) return Tells::kNews;
        used_ = 0;
        break;
      }
      entry.seq = seq;
      if (at == At::kNothing) return Tells::kNothing;
      last_ = i;
      return would_spin ? Tells::kSpins : Tells::kNothing;
    }
    if (used_ < kEntries) {
      entries_[used_++] = Entry{op.pc, seen, seq, op.object, op.kind, at, 1, 0};
    } else {
      entries_[kEntries - 1].at = At::kUntracked;
    }
    return Tells::kNothing;
  }
  // Instead of being read once more, what is read at the place of `op` is changed: had it been
  // read, the thread would spin now.
  bool WouldSpin(const Operation& op) {
    for (Entry& entry : std::span(entries_, static_cast<size_t>(used_))) {
      if (entry.pc != op.pc || entry.object != op.object) continue;
      entry.times += entry.times < kSettled ? 1 : 0;
      return entry.times + entry.yielded >= kThreshold;
    }
    return false;
  }
  void OnPassing(const Operation& op, EventSeq seq) { OnRead(op, seq, 0, At::kNothing); }

  void OnYield() {
    for (int i = 0; i < used_; ++i) entries_[i].yielded = 1;
  }

  // The last that the thread read, it read by this read-modify-write, which left it as it was.
  bool HasRewritten(const Operation& op) const { return Rewritten(op) != nullptr; }
  // That was the store `seen`, and still is.
  bool HasRewritten(const Operation& op, uint64_t seen) const {
    const Entry* const rewritten = Rewritten(op);
    return rewritten != nullptr && rewritten->seen == seen;
  }

  std::span<const Entry> reads() const { return {entries_, static_cast<size_t>(used_)}; }
  bool tracked() const {
    for (const Entry& entry : reads()) {
      if (entry.at == At::kUntracked) return false;
    }
    return true;
  }
  // The repetition that was seen last has been seen too often for a loop that gives up.
  bool settled() const { return last_ < used_ && entries_[last_].times >= kSettled; }
  // The operation is one of the loop's.
  bool Repeats(const Operation& op) const {
    for (const Entry& entry : reads()) {
      if (entry.pc == op.pc && entry.object == op.object && entry.repeats()) return true;
    }
    return false;
  }

 private:
  const Entry* Rewritten(const Operation& op) const {
    const Entry* last = nullptr;
    for (const Entry& entry : reads()) {
      if (entry.at == At::kNothing) continue;
      if (last == nullptr || entry.seq > last->seq) last = &entry;
    }
    const bool is_it = last != nullptr && last->pc == op.pc && last->object == op.object &&
                       last->at == At::kRewritten;
    return is_it ? last : nullptr;
  }

  int used_ = 0;
  int polls_ = 0;
  int last_ = 0;  // the entry that was seen to repeat last
  Entry entries_[kEntries];
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_CONTROLLED_SPIN_DETECTOR_H_
