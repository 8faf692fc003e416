// Threads that are put off: what is explored beside a step that fails, and who waits in a loop.
#include <algorithm>

#include "harness/strategy/parsimonious_search.h"

namespace heddle {

// Those who are where the branch begins; and whoever has made the step there, if that failed.
void ParsimoniousSearch::PlanPutOff(const Frame& frame, std::span<const Access> made,
                                    StepPlan* plan) {
  put_off_.clear();
  for (const PutOff& one : frame.put_off) {
    if (one.from > out_.at) continue;
    put_off_.push_back(one);
    if (one.At(out_.at)) put_off_.back().until = PutOff::kNever;
  }
  if (out_.kind == Branch::Kind::kPutOff) {
    put_off_.push_back({false, out_.thread, out_.at, PutOff::kNever, {made.begin(), made.end()}});
  }
  for (const PutOff& one : put_off_) {
    if (one.waits || one.until != PutOff::kNever) continue;
    Sleeper sleeper;
    sleeper.thread = one.thread;
    sleeper.accesses = {static_cast<uint32_t>(plan->accesses.size()),
                        static_cast<uint32_t>(one.accesses.size())};
    plan->sleepers.push_back(sleeper);
    plan->accesses.insert(plan->accesses.end(), one.accesses.begin(), one.accesses.end());
  }
  plan->sleepers_fail = true;
}

bool ParsimoniousSearch::IsPutOff(uint32_t thread, uint32_t point) const {
  return std::any_of(put_off_.begin(), put_off_.end(),
                     [&](const PutOff& one) { return one.thread == thread && one.At(point); });
}

// Of the new step: whose wait in a loop the one before has ended, and whether it begins one.
void ParsimoniousSearch::KeepWaiting(uint32_t position) {
  for (PutOff& one : put_off_) {
    if (!one.waits || one.until != PutOff::kNever) continue;
    if (path_.IsEnabledAt(position, one.thread)) one.until = position - 1;
  }
  const DporPath::Step& step = path_[position];
  if ((step.effects & kWaits) == 0) return;
  const auto accesses = path_.AccessesOf(position);
  PutOff& one = put_off_.emplace_back(
      PutOff{true, step.thread, position + 1, PutOff::kNever, {accesses.begin(), accesses.end()}});
  for (Access& access : one.accesses) access.footprint = Footprint(access.footprint.reads(), 0);
}

// Before `first` its thread is put off, and nothing that is moved with it changes that.
bool ParsimoniousSearch::CannotComeBefore(uint32_t first, const Late& late) const {
  for (const PutOff& one : put_off_) {
    if (one.thread != late.thread || !one.At(first)) continue;
    for (uint32_t i = first + 1; i <= late.until; ++i) {
      const bool keeps = one.waits && (path_[i].effects & kKeepsValue) != 0;
      const auto accesses = path_.AccessesOf(i).subspan(keeps ? 1 : 0);
      const bool wakes = path_[i].thread == one.thread || Conflict(accesses, one.accesses);
      if (wakes && HappensBefore(i, late)) return false;
    }
    return true;
  }
  return false;
}

// The races of a step that has failed with other values are known: they are to be those.
void ParsimoniousSearch::ReverseInstead(uint32_t position, bool fails) {
  for (const uint32_t first : racing_) beyond_ |= !Conflict(path_.AccessesOf(first), usual_);
  const auto accesses = path_.AccessesOf(position);
  beyond_ |= fails && !std::equal(accesses.begin(), accesses.end(), usual_.begin(), usual_.end());
}

// The execution has ended with a step that fails. What is left are its other values; where it has
// failed with all of them, what others do without it. Of a step that was moved there or has other
// values there is nothing left: what was to come after it does not.
void ParsimoniousSearch::GoOnWithout(const TracedStep& failing, const StepTrace& trace) {
  const uint32_t last = path_.size() - 1;
  if (!IsFree(last) || IsPutOff(failing.thread, last) || PlanInstead(last)) return;
  if (!SomeoneElseIsLeft(failing, trace)) return;
  AddBranch(last, Branch::Kind::kPutOff)->thread = failing.thread;
}

// The next values of the step, in their order. False: there are none.
bool ParsimoniousSearch::PlanInstead(uint32_t position) {
  const auto values = path_.ValuesOf(position);
  size_t count = values.size();
  while (count > 0 && values[count - 1].value + 1 >= values[count - 1].bound) --count;
  if (count == 0) return false;
  std::vector<Decision> planned(values.begin(), values.begin() + static_cast<ptrdiff_t>(count));
  ++planned.back().value;
  PlanStep(AddBranch(position, Branch::Kind::kInstead), path_[position].thread, planned);
  return true;
}

// Somebody else could have made a step, and is not put off.
bool ParsimoniousSearch::SomeoneElseIsLeft(const TracedStep& failing,
                                           const StepTrace& trace) const {
  const auto enabled = Slice(trace.enabled, failing.enabled);
  for (uint32_t thread = 0; thread < enabled.size() * 64; ++thread) {
    const bool is_enabled = (enabled[thread / 64] >> (thread % 64) & 1) != 0;
    if (is_enabled && thread != failing.thread && !IsPutOff(thread, path_.size() - 1)) return true;
  }
  return false;
}

}  // namespace heddle
