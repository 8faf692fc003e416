#include "harness/strategy/sequence.h"

#include <algorithm>
#include <span>

namespace heddle {
namespace {

bool BeginsWith(std::span<const Decision> values, std::span<const Decision> beginning) {
  return values.size() >= beginning.size() &&
         std::equal(beginning.begin(), beginning.end(), values.begin(),
                    [](const Decision& a, const Decision& b) { return a.value == b.value; });
}

}  // namespace

void Sequence::Start(const DporPath& path) {
  path_ = &path;
  threads_.clear();
  positions_.clear();
}

void Sequence::Add(uint32_t position) {
  threads_.push_back((*path_)[position].thread);
  positions_.push_back(position);
}

void Sequence::AddLast(const SequenceStep& step) {
  threads_.push_back(step.thread);
  positions_.push_back(kLast);
  last_ = step;
}

SequenceStep Sequence::operator[](size_t i) const {
  return positions_[i] == kLast ? last_ : path_->StepAt(positions_[i]);
}

size_t Sequence::FirstOf(uint32_t thread) const {
  const auto found = std::find(threads_.begin(), threads_.end(), thread);
  return found == threads_.end() ? kNobody : static_cast<size_t>(found - threads_.begin());
}

bool Sequence::IsInitial(size_t i) const {
  const uint32_t position = positions_[i];
  if (position != kLast) {
    return std::none_of(positions_.begin(), positions_.begin() + static_cast<ptrdiff_t>(i),
                        [&](uint32_t earlier) { return path_->HappensBefore(earlier, position); });
  }
  const uint32_t birth = path_->BirthOf(last_.thread);
  return std::none_of(positions_.begin(), positions_.begin() + static_cast<ptrdiff_t>(i),
                      [&](uint32_t earlier) {
                        return earlier == birth || last_.order_matters ||
                               path_->DependsOn(earlier, last_.thread, last_.accesses);
                      });
}

bool Sequence::MayBeginWith(const SequenceStep& step) const {
  const size_t i = FirstOf(step.thread);
  if (i == kNobody) return false;
  if (!step.values.empty()) {
    const SequenceStep own = (*this)[i];
    if (own.values_are_free || !BeginsWith(own.values, step.values)) return false;
  }
  return IsInitial(i);
}

}  // namespace heddle
