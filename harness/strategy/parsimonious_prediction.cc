// What a step that has come too late would access before the one that it is to be moved before: its
// thread has done the same there, but an atomic may hold another value.
#include "harness/strategy/parsimonious_search.h"

namespace heddle {
namespace {

constexpr uint32_t kNone = DporPath::kNone;

}  // namespace

// What the atomic that a step has come too late for would hold where that is moved before `first`.
// False: something else has been done to it.
bool ParsimoniousSearch::FindValueBefore(uint32_t first, const Late& late, uint64_t* value) const {
  const uint64_t object = late.accesses.front().object;
  // What the last one that comes before has left there the next one has seen.
  uint32_t next = kNone;
  for (uint32_t i = late.known + 1; i-- > 0;) {
    const auto accesses = path_.AccessesOf(i);
    const bool is_before = i < first || (i > first && HappensBefore(i, late));
    for (size_t k = 0; k < accesses.size(); ++k) {
      if (accesses[k].object != object) continue;
      if (k > 0 && accesses[k].footprint.changes() != 0) return false;
      if (is_before) {
        *value = seen_[next];
        return true;
      }
      if (k == 0) next = i;
    }
  }
  *value = seen_[next];
  return true;
}

// Of the steps that come before the late one there, none has stored anything in the atomic since
// its thread was there last.
bool ParsimoniousSearch::IsUnchanged(uint32_t first, const Late& late) const {
  const auto accesses_it = [&](uint32_t i) {
    const auto accesses = path_.AccessesOf(i);
    return !accesses.empty() && accesses.front().object == late.accesses.front().object;
  };
  uint32_t next = late.known;
  for (uint32_t i = late.known; i-- > 0;) {
    if (!accesses_it(i)) continue;
    if (path_[i].thread == late.thread) return true;
    const bool is_before = i < first || (i > first && HappensBefore(i, late));
    const bool stores = path_[i].pick.op() == OpKind::kStore || seen_[i] != seen_[next];
    if (is_before && stores) return false;
    next = i;
  }
  return false;
}

// What the late step accesses before `first`. False: that is not known. What stores the value that
// was there tells others nothing, unless it releases, and has not done the same before.
bool ParsimoniousSearch::PredictLate(uint32_t first, const Late& late) {
  predicted_.assign(late.accesses.begin(), late.accesses.end());
  if (late.rewrite == nullptr) return true;
  const Rewrite& rewrite = *late.rewrite;
  uint64_t value = 0;
  if (!FindValueBefore(first, late, &value)) return false;
  bool changes = false;
  if (rewrite.rmw != nullptr || value == rewrite.expected) {
    const uint64_t stored =
        rewrite.rmw != nullptr ? rewrite.rmw(value, rewrite.operand) : rewrite.operand;
    const bool again = rewrite.again && IsUnchanged(first, late);
    changes = stored != value || (rewrite.releases && !again);
    if (!changes && !rewrite.releases && HasFence(late)) return false;
  }
  constexpr uint8_t kState = Footprint::kState;
  predicted_.front().footprint = Footprint(kState, changes ? kState : 0);
  return true;
}

// Its thread has made a fence, which may make a release of what is none.
bool ParsimoniousSearch::HasFence(const Late& late) const {
  for (uint32_t i = path_[late.known].previous; i != kNone; i = path_[i].previous) {
    if (path_[i].pick.op() == OpKind::kFence) return true;
  }
  return false;
}

}  // namespace heddle
