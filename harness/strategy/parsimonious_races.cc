// Which races of an execution are reversed, so that each of what there is to explore is found once.
#include <algorithm>

#include "harness/strategy/parsimonious_search.h"

namespace heddle {
namespace {

constexpr uint32_t kNone = DporPath::kNone;

bool IsLock(std::span<const Access> accesses) {
  return !accesses.empty() && accesses.front().kind == OpKind::kLock;
}

// What a step accesses beside the object of the operation that it was picked for may depend on how
// that ends; but not what its loop looks at, in which way ever.
bool ConflictForSure(std::span<const Access> made, std::span<const Access> accesses) {
  constexpr EventMask kLooks = {OpKind::kLoad, OpKind::kRmw, OpKind::kCompareExchange};
  if (made.empty()) return false;
  if (Conflict(made.first(1), accesses)) return true;
  return std::any_of(made.begin() + 1, made.end(), [&](const Access& access) {
    return kLooks.contains(access.kind) && Conflict({&access, 1}, accesses);
  });
}

}  // namespace

// The races of a new step with those before it.
void ParsimoniousSearch::Reverse(uint32_t position, const Rewrite* rewrite) {
  const auto accesses = path_.AccessesOf(position);
  const uint32_t thread = path_[position].thread;
  if (IsLock(accesses)) {
    // Of the mutex that it waits for, whoever had it. What else it does is not known while it
    // waits.
    for (const Access& access : accesses.subspan(1)) {
      if (access.object == accesses.front().object) continue;
      for (const uint32_t first : racing_) {
        beyond_ |= Conflict(path_.AccessesOf(first), {&access, 1});
      }
    }
    return ReverseAcquire(thread, accesses.first(1), path_[position].previous, position);
  }
  if (!accesses.empty() && accesses.front().may_wait) {
    beyond_ |= !racing_.empty();
    return;
  }
  const Late late{thread, position, true, position, accesses, rewrite};
  for (const uint32_t first : racing_) {
    const bool is_next = std::none_of(racing_.begin(), racing_.end(), [&](uint32_t between) {
      return first < between && path_.HappensBefore(first, between);
    });
    if (is_next) ReverseOne(first, late);
  }
}

// Of what a thread still waits for when nobody can go on, or when the last step fails: that is none
// to come after others.
void ParsimoniousSearch::ReverseBlocked(uint32_t thread, std::span<const Access> accesses,
                                        bool fails) {
  if (!IsLock(accesses)) return;
  const uint32_t end = fails ? path_.size() - 1 : path_.size();
  ReverseAcquire(thread, accesses.first(1), path_.LastOf(thread), end);
}

// Of an acquire, which waits from step `previous` of its thread on, and those before `end`.
void ParsimoniousSearch::ReverseAcquire(uint32_t thread, std::span<const Access> accesses,
                                        uint32_t previous, uint32_t end) {
  if (!path_.FindAcquires(accesses.front().object, thread, previous, &acquires_)) {
    beyond_ = true;
    return;
  }
  for (const uint32_t first : acquires_) {
    if (first >= end) continue;
    const uint32_t until = previous == kNone ? first : std::max(first, previous);
    if (until >= new_from_) ReverseOne(first, {thread, previous, false, until, accesses, nullptr});
  }
}

// i < late.until.
bool ParsimoniousSearch::HappensBefore(uint32_t i, const Late& late) const {
  if (late.known == kNone || i > late.known) return false;
  return (i == late.known && !late.is_known) ||
         (i < late.known && path_.HappensBefore(i, late.known));
}

void ParsimoniousSearch::ReverseOne(uint32_t first, const Late& late) {
  const Mark& mark = marks_[first];
  if (mark.place == Place::kEnd) {
    // Not reversed, since it was where the end came too late; unless there it did not access this.
    const bool known = !mark.is_valued && Conflict(Slice(marked_, mark.usual), late.accesses);
    beyond_ |= !known && !ConflictForSure(path_.AccessesOf(first), late.accesses);
  }
  if (mark.place != Place::kFree || CannotComeBefore(first, late)) return;
  // Of the values of a step the smallest one does, where it conflicts, too.
  if (mark.is_valued) {
    beyond_ |= !Conflict(Slice(marked_, mark.usual), late.accesses);
    return;
  }
  if (late.is_known && marks_[late.known].is_valued) {
    beyond_ |= !Conflict(Slice(marked_, marks_[late.known].usual), path_.AccessesOf(first));
    return;
  }
  for (uint32_t i = marks_[late.until].departure; i != kNone && i > first;
       i = marks_[i - 1].departure) {
    const bool is_itself = late.is_known && i == late.known;
    if (!is_itself && !HappensBefore(i, late)) return;
  }
  if (!CountsAbove(first, late)) return;
  Branch* const branch = AddBranch(first, Branch::Kind::kReversal);
  for (uint32_t i = first + 1; i <= late.until; ++i) {
    if (HappensBefore(i, late)) PlanStep(branch, path_[i].thread, path_.ValuesOf(i));
  }
  PlanStep(branch, late.thread, {});
  branch->thread = path_[first].thread;
  std::vector<Access>& known = frames_[depth_].known;
  branch->known = {static_cast<uint32_t>(known.size()),
                   static_cast<uint32_t>(late.accesses.size())};
  known.insert(known.end(), late.accesses.begin(), late.accesses.end());
}

// ---- Which of several steps that conflict with the same one counts ----

bool ParsimoniousSearch::CountsBefore(uint32_t thread, bool loads, uint32_t end) const {
  const bool end_loads = path_[end].pick.op() == OpKind::kLoad;
  if (loads != end_loads) return loads;
  return ComesBefore(thread, path_[end].thread);
}

// In the tree of spawns: parents before children, these by age.
bool ParsimoniousSearch::ComesBefore(uint32_t thread, uint32_t other) const {
  const auto depth = [this](uint32_t name) {
    uint32_t depth = 0;
    for (; name != 0; name = places_[name].parent) ++depth;
    return depth;
  };
  const uint32_t thread_depth = depth(thread);
  const uint32_t other_depth = depth(other);
  for (uint32_t i = other_depth; i < thread_depth; ++i) thread = places_[thread].parent;
  for (uint32_t i = thread_depth; i < other_depth; ++i) other = places_[other].parent;
  if (thread == other) return thread_depth < other_depth;
  while (places_[thread].parent != places_[other].parent) {
    thread = places_[thread].parent;
    other = places_[other].parent;
  }
  return places_[thread].ordinal < places_[other].ordinal;
}

// Where `first` is made in the place of a step before which others were moved: for each of these,
// what now is to come before it is not what would have counted in their place.
bool ParsimoniousSearch::CountsAbove(uint32_t first, const Late& late) {
  bool is_predicted = false;
  bool is_known = false;
  for (uint32_t point = first; point > 0 && marks_[point - 1].place == Place::kEnd;) {
    const uint32_t end = point - 1;
    const Mark& mark = marks_[end];
    if (mark.thread != path_[first].thread) break;
    const auto reversed = Slice(marked_, mark.reversed);
    const auto conflicts = [&](uint32_t i) {
      return ConflictForSure(reversed, path_.AccessesOf(i));
    };
    // Those that are moved with it.
    for (uint32_t i = first + 1; i <= late.until; ++i) {
      if (!HappensBefore(i, late) || !conflicts(i) ||
          !CountsBefore(path_[i].thread, path_[i].pick.op() == OpKind::kLoad, end)) {
        continue;
      }
      bool is_first = true;
      for (uint32_t k = mark.begin; k < i && is_first; ++k) {
        const bool is_before = k < first || (k > first && HappensBefore(k, late));
        is_first = !is_before || !conflicts(k) || !path_.HappensBefore(k, i);
      }
      if (is_first) return false;
    }
    if (!late.accesses.empty()) {
      if (!is_predicted) is_known = PredictLate(first, late);
      is_predicted = true;
      if (is_known && !CountsAfter(end, first, late)) return false;
    }
    point = mark.begin;
  }
  return true;
}

// The late step itself, as it will be before `first`.
bool ParsimoniousSearch::CountsAfter(uint32_t end, uint32_t first, const Late& late) const {
  const Mark& mark = marks_[end];
  const auto reversed = Slice(marked_, mark.reversed);
  if (!ConflictForSure(reversed, predicted_) ||
      !CountsBefore(late.thread, predicted_.front().kind == OpKind::kLoad, end)) {
    return true;
  }
  // Another that conflicts happens before it.
  const auto comes_before = [&](uint32_t i) {
    return path_[i].thread == late.thread || path_.BirthOf(late.thread) == i ||
           Conflict(path_.AccessesOf(i), predicted_);
  };
  const auto is_before = [&](uint32_t one, uint32_t other) {
    return one == other || (one < other && path_.HappensBefore(one, other));
  };
  for (uint32_t i = mark.begin; i <= late.until; ++i) {
    if (i >= first && (i == first || !HappensBefore(i, late))) continue;
    if (!ConflictForSure(reversed, path_.AccessesOf(i))) continue;
    for (uint32_t k = i; k <= late.until; ++k) {
      if (k < first ? comes_before(k) && is_before(i, k)
                    : k > first && HappensBefore(k, late) && is_before(i, k)) {
        return true;
      }
    }
  }
  return false;
}

// The step that has been moved last may have turned out not to conflict with the end of a branch
// above.
bool ParsimoniousSearch::IsRedundant() const {
  const uint32_t last = path_.size() - 1;
  const bool loads = path_[last].pick.op() == OpKind::kLoad;
  for (uint32_t point = marks_[last].begin; point > 0 && marks_[point - 1].place == Place::kEnd;) {
    const uint32_t end = point - 1;
    const Mark& mark = marks_[end];
    if (mark.thread != marks_[last].thread) break;
    const auto reversed = Slice(marked_, mark.reversed);
    const auto conflicts = [&](uint32_t i) {
      return ConflictForSure(reversed, path_.AccessesOf(i));
    };
    bool is_first = conflicts(last) && CountsBefore(path_[last].thread, loads, end);
    for (uint32_t i = mark.begin; i < last && is_first; ++i) {
      is_first = !conflicts(i) || !path_.HappensBefore(i, last);
    }
    if (is_first) return true;
    point = mark.begin;
  }
  return false;
}

}  // namespace heddle
