// Sequences of steps that partial-order reduction compares: those after a step that do not happen
// after it, and then one that is to come before it. What may come first in such a sequence is an
// initial of it (Abdulla, Aronis, Jonsson, Sagonas, "Source Sets: A Foundation for Optimal Dynamic
// Partial Order Reduction", J. ACM 64(4), 2017, section 4).
#ifndef HEDDLE_HARNESS_STRATEGY_SEQUENCE_H_
#define HEDDLE_HARNESS_STRATEGY_SEQUENCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/strategy/dpor_path.h"

namespace heddle {

class Sequence {
 public:
  void Start(const DporPath& path);
  // Step `position` of the path.
  void Add(uint32_t position);
  void AddLast(const SequenceStep& step);

  SequenceStep operator[](size_t i) const;
  static constexpr size_t kNobody = SIZE_MAX;
  size_t FirstOf(uint32_t thread) const;  // kNobody: it has no step here
  bool IsLast(size_t i) const { return i + 1 == positions_.size(); }
  // Nothing before it in the sequence is ordered before it: it may come first.
  bool IsInitial(size_t i) const;
  // The sequence may begin with the step.
  bool MayBeginWith(const SequenceStep& step) const;
  // dpor_escape.cc: for DporPart::AddEscape of whoever owns the point.
  std::string ToEscape(uint32_t point) const;

 private:
  static constexpr uint32_t kLast = 0xffffffff;  // no position

  const DporPath* path_ = nullptr;
  std::vector<uint32_t> threads_;  // by index
  std::vector<uint32_t> positions_;
  SequenceStep last_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_SEQUENCE_H_
