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

// Each node before those that follow it, with its depth.
void WakeupTree::Save(NodeId first, ByteWriter* writer) const {
  std::vector<std::pair<NodeId, uint32_t>> left = {{first, 0}};
  while (!left.empty()) {
    const auto [id, depth] = left.back();
    left.pop_back();
    if (id == kNone) continue;
    const Node& node = nodes_[id];
    writer->Put(true);
    writer->Put(depth);
    writer->Put(node.thread);
    writer->Put(node.order_matters);
    PutAccesses(node.accesses, writer);
    writer->PutSpan(std::span<const Decision>(node.values));
    left.emplace_back(node.sibling, depth);
    left.emplace_back(node.child, depth + 1);
  }
  writer->Put(false);
}

bool WakeupTree::Restore(DporReader* reader, NodeId* first) {
  *first = kNone;
  std::vector<NodeId> last;  // by depth
  bool another = false;
  while (reader->Get(&another) && another) {
    uint32_t depth = 0;
    SequenceStep step;
    std::vector<Access> accesses;
    std::vector<Decision> values;
    if (!reader->Get(&depth) || depth > last.size() || !reader->GetThread(&step.thread) ||
        !reader->Get(&step.order_matters) || !reader->GetAccesses(&accesses) ||
        !reader->GetVector(&values)) {
      return false;
    }
    step.accesses = accesses;
    step.values = values;
    const NodeId made = Make(step);
    NodeId& link = depth < last.size() ? nodes_[last[depth]].sibling
                   : depth > 0         ? nodes_[last[depth - 1]].child
                                       : *first;
    link = made;
    last.resize(depth);
    last.push_back(made);
  }
  return !another;
}

void DporPart::SaveBranches(ByteWriter* writer) const {
  writer->Put(static_cast<uint64_t>(nodes_.size()));
  for (const Node& node : nodes_) {
    writer->Put(node.given);
    writer->Put(node.explored);
    writer->Put(node.first_done);
    tree_.Save(node.branches, writer);
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
    if (!reader->Get(&node.given) || !reader->Get(&node.explored) ||
        !reader->Get(&node.first_done) || !tree_.Restore(reader, &node.branches)) {
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
  writer.Put(mode_);
  writer.PutSpan(std::span(places_));
  writer.Put(floor_);
  writer.Put(keeps_first_);
  writer.Put(share_);
  path_.Save(&writer);
  SaveBranches(&writer);
  writer.Put(static_cast<uint64_t>(races_.size()));
  for (const Race& race : races_) {
    writer.Put(race.first);
    writer.Put(race.second);
    writer.Put(static_cast<uint64_t>(race.bystanders.size()));
    for (const Bystander& bystander : race.bystanders) {
      writer.Put(bystander.thread);
      PutAccesses(bystander.accesses, &writer);
    }
  }
  writer.Put(static_cast<uint64_t>(escapes_.size()));
  for (const std::string& escape : escapes_) writer.PutText(escape);
  const std::string state = writer.Take();
  ByteWriter whole;
  whole.Put(HashBytes(state));
  whole.PutText(state);
  return whole.Take();
}

bool DporPart::Restore(std::string_view bytes, std::vector<ThreadPlace>* places,
                   std::vector<uint32_t>* names) {
  ByteReader whole(bytes);
  uint64_t hash = 0;
  std::string state;
  if (!whole.Get(&hash) || !whole.GetText(&state) || !whole.AtEnd() || HashBytes(state) != hash) {
    return false;
  }
  ByteReader head(state);
  DporMode mode{};
  std::vector<ThreadPlace> theirs;
  if (!head.Get(&mode) || mode != mode_ || !head.GetVector(&theirs) ||
      !Rename(theirs, places, names)) {
    return false;
  }
  places_ = *places;
  DporReader reader(head.Rest(), *names);
  if (!reader.Get(&floor_) || !reader.Get(&keeps_first_) || !reader.Get(&share_) ||
      !path_.Restore(&reader) || !RestoreBranches(&reader) || floor_ >= nodes_.size()) {
    return false;
  }
  uint64_t races = 0;
  if (!reader.Get(&races)) return false;
  for (; races > 0; --races) {
    Race race{};
    uint64_t bystanders = 0;
    if (!reader.Get(&race.first) || !reader.Get(&race.second) || race.first >= race.second ||
        race.second >= path_.size() || !reader.Get(&bystanders)) {
      return false;
    }
    for (; bystanders > 0; --bystanders) {
      Bystander bystander;
      if (!reader.GetThread(&bystander.thread) || !reader.GetAccesses(&bystander.accesses)) {
        return false;
      }
      race.bystanders.push_back(std::move(bystander));
    }
    races_.push_back(std::move(race));
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
