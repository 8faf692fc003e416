// Partial-order reduction handed on: its whole state as one part, which another instance, perhaps of
// another process, goes on with as if it were the same one.
//
// A search is not divided among instances: a race that an execution shows adds branches to any point
// of its path, and whether a branch is added depends on all that has been explored from there. Two
// instances below different branches of one point would have to ask each other for every race, or
// explore classes twice.
//
// A part carries a checksum, and what is read is checked as far as reading it again relies on it.
#include <algorithm>
#include <utility>

#include "harness/core/check.h"
#include "harness/strategy/dpor.h"
#include "harness/strategy/search_counts.h"

namespace heddle {
namespace {

void PutAccesses(std::span<const Access> accesses, ByteWriter* writer) {
  writer->Put(static_cast<uint64_t>(accesses.size()));
  for (const Access& access : accesses) {
    writer->Put(access.object);
    writer->Put(access.kind);
    writer->Put(access.may_wait);
    writer->Put(access.footprint);
  }
}

// Appends them.
template <typename Accesses>
bool GetAccesses(ByteReader* reader, Accesses* accesses) {
  uint64_t count = 0;
  if (!reader->Get(&count)) return false;
  for (Access access; count > 0; --count) {
    if (!reader->Get(&access.object) || !reader->Get(&access.kind) ||
        !reader->Get(&access.may_wait) || !reader->Get(&access.footprint)) {
      return false;
    }
    accesses->push_back(access);
  }
  return true;
}

// Appends the elements that `get` reads to the array; `*range` is where they are.
template <typename Element, typename Get>
bool GetRange(std::vector<Element>* all, Range* range, Get get) {
  range->first = static_cast<uint32_t>(all->size());
  if (!get(all)) return false;
  range->size = static_cast<uint32_t>(all->size()) - range->first;
  return true;
}

template <typename Element>
bool GetMore(ByteReader* reader, std::vector<Element>* all) {
  std::vector<Element> more;
  if (!reader->GetVector(&more)) return false;
  all->insert(all->end(), more.begin(), more.end());
  return true;
}

bool IsTreeOfSpawns(const std::vector<ThreadPlace>& places) {
  if (places.empty() || places[0] != ThreadPlace{}) return false;
  for (uint32_t name = 1; name < places.size(); ++name) {
    if (places[name].parent >= name) return false;
  }
  return true;
}

}  // namespace

void DporPath::Save(ByteWriter* writer) const {
  writer->Put(size());
  for (uint32_t i = 0; i < size(); ++i) {
    const Step& step = steps_[i];
    writer->Put(step.pick);
    writer->Put(step.thread);
    writer->Put(step.effects);
    PutAccesses(AccessesOf(i), writer);
    writer->PutSpan(ValuesOf(i));
    writer->PutSpan(EnabledAt(i));
  }
  for (uint32_t thread = 0; thread < births_.size(); ++thread) {
    // Those of steps that the path has no longer are of no account.
    if (births_[thread] >= size()) continue;
    writer->Put(true);
    writer->Put(Birth{thread, births_[thread]});
  }
  writer->Put(false);
}

bool DporPath::Restore(ByteReader* reader, size_t threads) {
  uint32_t size = 0;
  if (!reader->Get(&size)) return false;
  StepTrace trace;
  for (uint32_t i = 0; i < size; ++i) {
    TracedStep step;
    if (!reader->Get(&step.pick) || !reader->Get(&step.thread) || !reader->Get(&step.effects) ||
        step.thread >= threads ||
        !GetRange(&trace.accesses, &step.accesses,
                  [&](auto* all) { return GetAccesses(reader, all); }) ||
        !GetRange(&trace.values, &step.values, [&](auto* all) { return GetMore(reader, all); }) ||
        !GetRange(&trace.enabled, &step.enabled,
                  [&](auto* all) { return GetMore(reader, all); })) {
      return false;
    }
    trace.steps.push_back(step);
  }
  std::vector<std::vector<uint32_t>> born(size);
  bool another = false;
  while (reader->Get(&another) && another) {
    Birth birth;
    if (!reader->Get(&birth) || birth.thread >= threads || birth.step >= size) return false;
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

bool WakeupTree::Restore(ByteReader* reader, size_t threads, NodeId* first) {
  *first = kNone;
  std::vector<NodeId> last;  // by depth
  bool another = false;
  while (reader->Get(&another) && another) {
    uint32_t depth = 0;
    SequenceStep step;
    std::vector<Access> accesses;
    std::vector<Decision> values;
    if (!reader->Get(&depth) || depth > last.size() || !reader->Get(&step.thread) ||
        step.thread >= threads || !reader->Get(&step.order_matters) ||
        !GetAccesses(reader, &accesses) || !reader->GetVector(&values)) {
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

void Dpor::SaveBranches(ByteWriter* writer) const {
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

bool Dpor::RestoreBranches(ByteReader* reader) {
  uint64_t nodes = 0;
  // The path, and perhaps the point behind it.
  if (!reader->Get(&nodes) || nodes == 0 || nodes < path_.size() || nodes > path_.size() + 1) {
    return false;
  }
  for (; nodes > 0; --nodes) {
    Node node;
    if (!reader->Get(&node.given) || !reader->Get(&node.explored) ||
        !reader->Get(&node.first_done) || !tree_.Restore(reader, places_.size(), &node.branches)) {
      return false;
    }
    nodes_.push_back(node);
  }
  uint64_t count = 0;
  if (!reader->Get(&count)) return false;
  for (uint32_t depth = 0; count > 0; --count) {
    Done done;
    if (!reader->Get(&done.depth) || done.depth < depth || done.depth >= nodes_.size() ||
        !reader->Get(&done.woken) || !reader->Get(&done.thread) ||
        done.thread >= places_.size() || !reader->Get(&done.effects) ||
        !GetRange(&done_accesses_, &done.accesses,
                  [&](auto* all) { return GetAccesses(reader, all); }) ||
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

std::string Dpor::ToBytes() const {
  ByteWriter writer;
  writer.Put(mode_);
  writer.PutSpan(std::span(places_));
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
  return writer.Take();
}

bool Dpor::Restore(std::string_view bytes) {
  ByteReader reader(bytes);
  Mode mode{};
  if (!reader.Get(&mode) || mode != mode_ || !reader.GetVector(&places_) ||
      !IsTreeOfSpawns(places_) || !path_.Restore(&reader, places_.size()) ||
      !RestoreBranches(&reader)) {
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
      if (!reader.Get(&bystander.thread) || !GetAccesses(&reader, &bystander.accesses)) {
        return false;
      }
      race.bystanders.push_back(std::move(bystander));
    }
    races_.push_back(std::move(race));
  }
  return reader.AtEnd();
}

std::vector<std::string> Dpor::Split(size_t most) {
  HEDDLE_CHECK(started_ && most > 0, "a search is divided before it has begun, or into nothing");
  share_of_others_ = ShareDone() + Explored().here;
  handed_on_ = true;
  Plan next;
  if (Dpor copy = *this; !copy.Next(&next)) return {};
  const std::string state = ToBytes();
  ByteWriter part;
  part.Put(HashBytes(state));
  part.PutText(state);
  return {part.Take()};
}

bool Dpor::Adopt(std::string_view part) {
  ByteReader reader(part);
  uint64_t hash = 0;
  std::string state;
  if (!reader.Get(&hash) || !reader.GetText(&state) || !reader.AtEnd() ||
      HashBytes(state) != hash || !Restore(state)) {
    return false;
  }
  started_ = true;
  const Share explored = Explored();
  share_adopted_ = explored.before + explored.here;
  return true;
}

Dpor::Share Dpor::Explored() const {
  Share share;
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    uint32_t branches = node.explored + 1;
    for (auto id = node.branches; id != WakeupTree::kNone; id = tree_[id].sibling) ++branches;
    share.here /= branches;
    share.before += share.here * node.explored;
    if (i >= path_.size()) break;
    const auto values = path_.ValuesOf(i);
    for (const Decision& value : values.subspan(std::min<size_t>(node.given, values.size()))) {
      share.here /= std::max<uint32_t>(value.bound, 1);
      share.before += share.here * value.value;
    }
  }
  return share;
}

double Dpor::ShareDone() const {
  if (!started_ || handed_on_) return share_of_others_;
  return share_of_others_ + (finished_ ? 1.0 : Explored().before) - share_adopted_;
}

std::string Dpor::Counts() const {
  return SearchCounts{executions_, redundant_, cut_, ShareDone()}.ToBytes();
}

bool Dpor::Add(std::string_view counts, bool finished) {
  SearchCounts other;
  if (!other.FromBytes(counts)) return false;
  executions_ += other.executions;
  redundant_ += other.redundant;
  cut_ += other.cut;
  share_of_others_ = finished ? 1.0 : share_of_others_ + other.share;
  finished_ = finished;
  return true;
}

}  // namespace heddle
