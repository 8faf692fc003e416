// The class of an execution: a hash of its happens-before order together with how operations came
// out, whom notifications woke and what was chosen. Executions that differ only in the order of
// independent steps have the same; others have different ones, but for collisions of 64 bits.
//
// It is kept up step by step. Each thread has a hash of its steps; a step adds what it did and the
// hash of the last step that changed its object, and a step that changes an object adds the sum of
// those that have looked at it so far: so looks are not ordered among each other. A thread begins
// with a hash of its parent's and its ordinal. The class is the sum over the threads, in which
// nothing depends on ids or addresses.
// Cost: a few multiplications a step.
#ifndef HEDDLE_HARNESS_CORE_ORDER_CLASS_H_
#define HEDDLE_HARNESS_CORE_ORDER_CLASS_H_

#include <bit>
#include <cstdint>

namespace heddle {

constexpr uint64_t MixOrder(uint64_t a, uint64_t b) {
  uint64_t mixed = (a ^ std::rotl(b, 32)) * 0x9e3779b97f4a7c15 + b;
  mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93;
  return mixed ^ mixed >> 32;
}

// Where both are hashes already, or sums of such: one multiplication, on the path of every step.
// The halves of the product of two words are folded, as in wyhash.
constexpr uint64_t FoldOrder(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Words that are far from each other and from 0, for small numbers.
constexpr uint64_t OrderWord(uint64_t number) { return (number + 1) * 0xd6e8feb86659fd93; }

// `what` a step did is near an OrderWord.
class ThreadOrder {
 public:
  void BeginMain() { hash_ = 0x9e3779b97f4a7c15; }
  void BeginChild(const ThreadOrder& parent, uint32_t ordinal) {
    hash_ = MixOrder(parent.hash_, ordinal);
  }
  // Something that only this thread can see: a choice.
  void Add(uint64_t what) { hash_ = FoldOrder(hash_, what); }

  uint64_t hash() const { return hash_; }

 private:
  friend class ObjectOrder;
  uint64_t hash_ = 0;
};

class ObjectOrder {
 public:
  void Clear() { changed_ = looked_ = 0; }

  void Look(ThreadOrder& thread, uint64_t what) {
    thread.hash_ = FoldOrder(thread.hash_, what + changed_);
    looked_ += thread.hash_;
  }
  void Change(ThreadOrder& thread, uint64_t what) {
    thread.hash_ = FoldOrder(thread.hash_, what + changed_ + std::rotl(looked_, 32));
    changed_ = thread.hash_;
  }

 private:
  uint64_t changed_ = 0;  // by the last step that changed it
  uint64_t looked_ = 0;   // the sum of all that have looked
};

// Of what has two kinds of step: moves, which commute among each other, and looks, which do, too;
// but a look tells which moves there were. Who comes to share a lock, and who leaves it, moves.
class SharersOrder {
 public:
  void Clear() { moved_ = looked_ = 0; }

  void Move(ThreadOrder& thread, uint64_t what) { moved_ += Step(thread, what + looked_); }
  void Look(ThreadOrder& thread, uint64_t what) { looked_ += Step(thread, what + moved_); }

 private:
  static uint64_t Step(ThreadOrder& thread, uint64_t what) {
    thread.Add(what);
    return thread.hash();
  }

  uint64_t moved_ = 0;  // the sums of all
  uint64_t looked_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_ORDER_CLASS_H_
