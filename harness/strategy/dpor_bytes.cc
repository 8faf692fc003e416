// Parts of partial-order reduction as bytes, with a checksum, and back. What is read is checked as
// far as reading it again relies on it.
#include <algorithm>
#include <utility>

#include "harness/strategy/dpor_part.h"
#include "harness/strategy/dpor_wire.h"

namespace heddle {

namespace {

// What the threads of `theirs` are called in `ours`, to which those that it does not have are
// added.
bool Rename(const std::vector<ThreadPlace>& theirs, std::vector<ThreadPlace>* ours,
            std::vector<uint32_t>* names) {
  if (theirs.empty() || theirs[0] != ThreadPlace{}) return false;
  if (ours->empty()) ours->push_back(ThreadPlace{});
  *names = {0};
  for (uint32_t thread = 1; thread < theirs.size(); ++thread) {
    if (theirs[thread].parent >= thread) return false;
    const ThreadPlace place{(*names)[theirs[thread].parent], theirs[thread].ordinal};
    // Mostly they are the same.
    const bool same = thread < ours->size() && (*ours)[thread] == place;
    const auto found = same ? ours->begin() + thread : std::find(ours->begin(), ours->end(), place);
    names->push_back(static_cast<uint32_t>(found - ours->begin()));
    if (found == ours->end()) ours->push_back(place);
  }
  return true;
}

}  // namespace

void DporPath::Save(ByteWriter* writer) const {
  writer->Put(size());
  for (uint32_t i = 0; i < size(); ++i) PutStep(*this, i, writer);
  for (uint32_t thread = 0; thread < births_.size(); ++thread) {
    // Those of steps that the path has no longer are of no account.
    if (births_[thread] >= size()) continue;
    writer->Put(true);
    writer->Put(thread);
    writer->Put(births_[thread]);
  }
  writer->Put(false);
}

bool DporPath::Restore(DporReader* reader) {
  uint32_t size = 0;
  if (!reader->Get(&size)) return false;
  StepTrace trace;
  for (uint32_t i = 0; i < size; ++i) {
    if (!GetStep(reader, &trace)) return false;
  }
  std::vector<std::vector<uint32_t>> born(size);
  bool another = false;
  while (reader->Get(&another) && another) {
    Birth birth;
    if (!reader->GetThread(&birth.thread) || !reader->Get(&birth.step) || birth.step >= size) {
      return false;
    }
    born[birth.step].push_back(birth.thread);
  }
  std::vector<uint32_t> races;
  for (uint32_t i = 0; i < size; ++i) {
    Add(trace.steps[i], trace, &races);
    for (const uint32_t thread : born[i]) AddBirth(thread, i);
  }
  return !another;
}

void BranchLists::Save(Id first, ByteWriter* writer) const {
  for (Id id = first; id != kNone; id = branches_[id].next) {
    writer->Put(true);
    writer->Put(branches_[id].thread);
    writer->Put(branches_[id].order_matters);
    PutAccesses(branches_[id].accesses, writer);
  }
  writer->Put(false);
}

bool BranchLists::Restore(DporReader* reader, Id* first) {
  *first = kNone;
  bool another = false;
  while (reader->Get(&another) && another) {
    SequenceStep step;
    std::vector<Access> accesses;
    if (!reader->GetThread(&step.thread) || !reader->Get(&step.order_matters) ||
        !reader->GetAccesses(&accesses)) {
      return false;
    }
    step.accesses = accesses;
    Append(first, step);
  }
  return !another;
}

void DporPart::SaveBranches(ByteWriter* writer) const {
  writer->Put(static_cast<uint64_t>(nodes_.size()));
  for (const Node& node : nodes_) {
    writer->Put(node.explored);
    writer->Put(node.first_done);
    branches_.Save(node.branches, writer);
  }
  writer->Put(static_cast<uint64_t>(done_.size()));
  for (const Done& done : done_) {
    writer->Put(done.depth);
    writer->Put(done.woken);
    writer->Put(done.thread);
    writer->Put(done.effects);
    PutAccesses(Slice(done_accesses_, done.accesses), writer);
    writer->PutSpan(Slice(done_values_, done.values));
  }
}

bool DporPart::RestoreBranches(DporReader* reader) {
  uint64_t nodes = 0;
  // The path, and perhaps the point behind it.
  if (!reader->Get(&nodes) || nodes == 0 || nodes < path_.size() || nodes > path_.size() + 1) {
    return false;
  }
  for (; nodes > 0; --nodes) {
    Node node;
    if (!reader->Get(&node.explored) || !reader->Get(&node.first_done) ||
        !branches_.Restore(reader, &node.branches)) {
      return false;
    }
    nodes_.push_back(node);
  }
  uint64_t count = 0;
  if (!reader->Get(&count)) return false;
  for (uint32_t depth = 0; count > 0; --count) {
    Done done;
    if (!reader->Get(&done.depth) || done.depth < depth || done.depth >= nodes_.size() ||
        !reader->Get(&done.woken) || !reader->GetThread(&done.thread) ||
        !reader->Get(&done.effects) ||
        !GetRange(&done_accesses_, &done.accesses,
                  [&](auto* all) { return reader->GetAccesses(all); }) ||
        !GetRange(&done_values_, &done.values, [&](auto* all) { return GetMore(reader, all); })) {
      return false;
    }
    depth = done.depth;
    done_.push_back(done);
  }
  // What is explored at a point lies behind what is at the points before it.
  uint32_t first = 0;
  for (uint32_t depth = 0; depth < nodes_.size(); ++depth) {
    while (first < done_.size() && done_[first].depth < depth) ++first;
    if (nodes_[depth].first_done != first) return false;
  }
  return true;
}

std::string DporPart::ToBytes() const {
  ByteWriter writer;
  writer.PutSpan(std::span(places_));
  writer.Put(floor_);
  writer.Put(keeps_first_);
  writer.Put(share_);
  path_.Save(&writer);
  SaveBranches(&writer);
  writer.Put(static_cast<uint64_t>(escapes_.size()));
  for (const std::string& escape : escapes_) writer.PutText(escape);
  return Seal(writer.Take());
}

bool DporPart::Restore(std::string_view bytes, std::vector<ThreadPlace>* places,
                       std::vector<uint32_t>* names) {
  if (!Unseal(&bytes)) return false;
  ByteReader head(bytes);
  std::vector<ThreadPlace> theirs;
  if (!head.GetVector(&theirs) || !Rename(theirs, places, names)) {
    return false;
  }
  places_ = *places;
  DporReader reader(head.Rest(), *names);
  if (!reader.Get(&floor_) || !reader.Get(&keeps_first_) || !reader.Get(&share_) ||
      !path_.Restore(&reader) || !RestoreBranches(&reader) || floor_ >= nodes_.size()) {
    return false;
  }
  uint64_t escapes = 0;
  if (!reader.Get(&escapes)) return false;
  for (; escapes > 0; --escapes) {
    if (!reader.GetText(&escapes_.emplace_back())) return false;
  }
  started_ = true;
  return reader.AtEnd();
}

}  // namespace heddle
