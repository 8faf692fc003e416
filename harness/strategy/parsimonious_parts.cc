// What is left of a search that is optimal without trees: how much it is, a part of it as another
// search, and as bytes.
#include <algorithm>

#include "harness/core/bytes.h"
#include "harness/strategy/parsimonious_search.h"

namespace heddle {

bool ParsimoniousSearch::IsLeft() const {
  return std::any_of(frames_.begin(), frames_.begin() + static_cast<ptrdiff_t>(depth_),
                     [](const Frame& frame) { return !frame.branches.empty(); });
}

bool ParsimoniousSearch::IsDivisible() const {
  size_t branches = 0;
  for (size_t i = 0; i < depth_; ++i) branches += frames_[i].branches.size();
  return branches > 1;
}

double ParsimoniousSearch::ShareLeft() const {
  if (!started_) return 1;
  double left = 0;
  for (size_t i = 0; i < depth_; ++i) {
    left += frames_[i].share * static_cast<double>(frames_[i].branches.size());
  }
  return left;
}

ParsimoniousSearch ParsimoniousSearch::TakeLast() {
  size_t depth = 0;
  while (frames_[depth].branches.empty()) ++depth;
  Frame& from = frames_[depth];
  ParsimoniousSearch taken;
  taken.started_ = true;
  taken.places_ = places_;
  taken.frames_.emplace_back();
  taken.depth_ = 1;
  Frame& frame = taken.frames_.back();
  frame.share = from.share;
  const Branch branch = from.branches.front();
  from.branches.erase(from.branches.begin());
  for (const PlannedStep& step : Slice(from.steps, branch.steps)) {
    const auto values = Slice(from.values, step.values);
    frame.steps.push_back(
        {step.thread, {static_cast<uint32_t>(frame.values.size()), step.values.size}});
    frame.values.insert(frame.values.end(), values.begin(), values.end());
  }
  frame.branches.push_back(branch);
  frame.branches.back().steps.first = 0;
  const auto known = Slice(from.known, branch.known);
  frame.known.assign(known.begin(), known.end());
  frame.branches.back().known.first = 0;
  frame.put_off = from.put_off;
  for (uint32_t position = 0; position <= branch.at; ++position) {
    const Frame& owner = frames_[FrameOf(depth, position)];
    const uint32_t i = position - owner.base;
    TracedStep step = owner.trace.steps[i];
    const auto accesses = Slice(owner.trace.accesses, step.accesses);
    const auto values = Slice(owner.trace.values, step.values);
    step.accesses.first = static_cast<uint32_t>(frame.trace.accesses.size());
    step.values.first = static_cast<uint32_t>(frame.trace.values.size());
    frame.trace.accesses.insert(frame.trace.accesses.end(), accesses.begin(), accesses.end());
    frame.trace.values.insert(frame.trace.values.end(), values.begin(), values.end());
    frame.trace.steps.push_back(step);
    for (const Birth& birth : owner.trace.births) {
      if (birth.step == position) frame.trace.births.push_back(birth);
    }
    Mark mark = owner.marks[i];
    for (Range* const range : {&mark.reversed, &mark.usual}) {
      const auto marked = Slice(owner.marked, *range);
      range->first = static_cast<uint32_t>(frame.marked.size());
      frame.marked.insert(frame.marked.end(), marked.begin(), marked.end());
    }
    frame.marks.push_back(mark);
  }
  return taken;
}

// ---- Bytes ----

namespace {

// Fields one by one: what lies between them is not the same in every execution.
void Put(Range range, ByteWriter* writer) {
  writer->Put(range.first);
  writer->Put(range.size);
}

bool Get(Range* range, ByteReader* reader) {
  return reader->Get(&range->first) && reader->Get(&range->size);
}

// Their number, and each.
template <typename Element, typename PutOne>
void PutAll(const std::vector<Element>& all, ByteWriter* writer, PutOne put) {
  writer->Put(static_cast<uint64_t>(all.size()));
  for (const Element& one : all) put(one);
}

template <typename Element, typename GetOne>
bool GetAll(std::vector<Element>* all, ByteReader* reader, GetOne get) {
  uint64_t count = 0;
  if (!reader->Get(&count)) return false;
  for (; count > 0; --count) {
    if (!get(&all->emplace_back())) return false;
  }
  return true;
}

void PutAccesses(const std::vector<Access>& accesses, ByteWriter* writer) {
  PutAll(accesses, writer, [&](const Access& access) {
    writer->Put(access.object);
    writer->Put(access.kind);
    writer->Put(access.may_wait);
    writer->Put(access.footprint);
  });
}

bool GetAccesses(std::vector<Access>* accesses, ByteReader* reader) {
  return GetAll(accesses, reader, [&](Access* access) {
    return reader->Get(&access->object) && reader->Get(&access->kind) &&
           reader->Get(&access->may_wait) && reader->Get(&access->footprint);
  });
}

}  // namespace

void ParsimoniousSearch::Frame::Save(ByteWriter* writer) const {
  writer->Put(base);
  writer->Put(share);
  PutAll(trace.steps, writer, [&](const TracedStep& step) {
    writer->Put(step.pick);
    writer->Put(step.thread);
    writer->Put(step.effects);
    Put(step.accesses, writer);
    Put(step.values, writer);
  });
  PutAccesses(trace.accesses, writer);
  writer->PutSpan(std::span(trace.values));
  writer->PutSpan(std::span(trace.births));
  PutAll(marks, writer, [&](const Mark& mark) {
    writer->Put(mark.place);
    writer->Put(mark.is_valued);
    writer->Put(mark.begin);
    writer->Put(mark.thread);
    Put(mark.reversed, writer);
    Put(mark.usual, writer);
  });
  PutAccesses(marked, writer);
  PutAccesses(known, writer);
  PutAll(branches, writer, [&](const Branch& branch) {
    writer->Put(branch.kind);
    writer->Put(branch.at);
    Put(branch.steps, writer);
    Put(branch.known, writer);
    writer->Put(branch.thread);
  });
  PutAll(steps, writer, [&](const PlannedStep& step) {
    writer->Put(step.thread);
    Put(step.values, writer);
  });
  writer->PutSpan(std::span(values));
  PutAll(put_off, writer, [&](const PutOff& one) {
    writer->Put(one.waits);
    writer->Put(one.thread);
    writer->Put(one.from);
    writer->Put(one.until);
    PutAccesses(one.accesses, writer);
  });
}

bool ParsimoniousSearch::Frame::Restore(ByteReader* reader, size_t threads) {
  return reader->Get(&base) && reader->Get(&share) &&
         GetAll(&trace.steps, reader,
                [&](TracedStep* step) {
                  return reader->Get(&step->pick) && reader->Get(&step->thread) &&
                         reader->Get(&step->effects) && Get(&step->accesses, reader) &&
                         Get(&step->values, reader);
                }) &&
         GetAccesses(&trace.accesses, reader) && reader->GetVector(&trace.values) &&
         reader->GetVector(&trace.births) &&
         GetAll(&marks, reader,
                [&](Mark* mark) {
                  return reader->Get(&mark->place) && reader->Get(&mark->is_valued) &&
                         reader->Get(&mark->begin) && reader->Get(&mark->thread) &&
                         Get(&mark->reversed, reader) && Get(&mark->usual, reader);
                }) &&
         GetAccesses(&marked, reader) && GetAccesses(&known, reader) &&
         GetAll(&branches, reader,
                [&](Branch* branch) {
                  return reader->Get(&branch->kind) && reader->Get(&branch->at) &&
                         Get(&branch->steps, reader) && Get(&branch->known, reader) &&
                         reader->Get(&branch->thread);
                }) &&
         GetAll(&steps, reader,
                [&](PlannedStep* step) {
                  return reader->Get(&step->thread) && Get(&step->values, reader);
                }) &&
         reader->GetVector(&values) &&
         GetAll(&put_off, reader,
                [&](PutOff* one) {
                  return reader->Get(&one->waits) && reader->Get(&one->thread) &&
                         reader->Get(&one->from) && reader->Get(&one->until) &&
                         GetAccesses(&one->accesses, reader);
                }) &&
         IsWhole(threads);
}

bool ParsimoniousSearch::Frame::IsWhole(size_t threads) const {
  const auto is_within = [](Range range, const auto& all) {
    return range.first <= all.size() && range.size <= all.size() - range.first;
  };
  const uint64_t end = uint64_t{base} + trace.steps.size();
  return marks.size() == trace.steps.size() &&
         std::all_of(trace.steps.begin(), trace.steps.end(),
                     [&](const TracedStep& step) {
                       return step.thread < threads && is_within(step.accesses, trace.accesses) &&
                              is_within(step.values, trace.values);
                     }) &&
         std::all_of(trace.births.begin(), trace.births.end(),
                     [&](const Birth& birth) {
                       return birth.thread < threads && birth.step >= base && birth.step < end;
                     }) &&
         std::all_of(marks.begin(), marks.end(),
                     [&](const Mark& mark) {
                       return mark.thread < threads && mark.place <= Place::kEnd &&
                              mark.begin < end && is_within(mark.reversed, marked) &&
                              is_within(mark.usual, marked);
                     }) &&
         std::all_of(branches.begin(), branches.end(),
                     [&](const Branch& branch) {
                       const bool has_steps = branch.steps.size > 0;
                       return branch.thread < threads && branch.kind <= Branch::Kind::kPutOff &&
                              has_steps == (branch.kind != Branch::Kind::kPutOff) &&
                              is_within(branch.steps, steps) && is_within(branch.known, known);
                     }) &&
         std::all_of(steps.begin(), steps.end(),
                     [&](const PlannedStep& step) {
                       return step.thread < threads && is_within(step.values, values);
                     }) &&
         std::all_of(put_off.begin(), put_off.end(),
                     [&](const PutOff& one) { return one.thread < threads; });
}

// Each step up to those that its branches leave is there.
bool ParsimoniousSearch::HasSteps(size_t frame) const {
  uint32_t end = frames_[frame].base;
  for (const Branch& branch : frames_[frame].branches) end = std::max(end, branch.at + 1);
  if (frames_.front().base > 0) return false;
  for (uint32_t i = 0; i < end; ++i) {
    const Frame& owner = frames_[FrameOf(frame, i)];
    if (i - owner.base >= owner.trace.steps.size()) return false;
  }
  return true;
}

std::string ParsimoniousSearch::ToBytes() const {
  ByteWriter writer;
  writer.PutSpan(std::span(places_));
  writer.Put(static_cast<uint64_t>(depth_));
  for (size_t i = 0; i < depth_; ++i) frames_[i].Save(&writer);
  return writer.Take();
}

bool ParsimoniousSearch::Restore(std::string_view bytes) {
  ByteReader reader(bytes);
  uint64_t depth = 0;
  if (!reader.GetVector(&places_) || places_.empty() || places_[0] != ThreadPlace{} ||
      !reader.Get(&depth)) {
    return false;
  }
  for (uint32_t thread = 1; thread < places_.size(); ++thread) {
    if (places_[thread].parent >= thread) return false;
  }
  for (depth_ = 0; depth_ < depth; ++depth_) {
    frames_.emplace_back();
    if (!frames_.back().Restore(&reader, places_.size()) || !HasSteps(depth_)) return false;
  }
  started_ = true;
  return reader.AtEnd();
}

}  // namespace heddle
