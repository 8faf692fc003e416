#include "harness/strategy/dpor_forest.h"

#include <algorithm>
#include <utility>

#include "harness/strategy/search_counts.h"

namespace heddle {

DporForest::DporForest() {
  entries_.push_back(Entry{DporPart(), nullptr, 0, /*is_out=*/true});
}

bool DporForest::Next(std::span<const std::string> left, size_t most,
                      std::vector<std::string>* next) {
  struct Told {
    Entry* by;
    std::vector<uint32_t> names;
    std::vector<std::string> escapes;
  };
  std::vector<Told> told;
  size_t ended = 0;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto current = entry++;
    if (!std::exchange(current->is_out, false)) continue;
    if (ended == left.size()) return false;
    const std::string& bytes = left[ended++];
    if (bytes.empty()) {
      if (current->children > 0) return false;
      if (current->parent != nullptr) --current->parent->children;
      entries_.erase(current);
      continue;
    }
    Told& one = told.emplace_back(Told{&*current, {}, {}});
    current->part = DporPart();
    if (!current->part.Restore(bytes, &places_, &one.names)) return false;
    one.escapes = current->part.TakeEscapes();
  }
  if (ended != left.size()) return false;

  for (const Told& one : told) {
    for (const std::string& escape : one.escapes) {
      Entry* owner = one.by->parent;
      while (owner != nullptr && DporPart::PointOf(escape) < owner->part.first_point()) {
        owner = owner->parent;
      }
      if (owner == nullptr || !owner->part.AddEscape(escape, one.names)) return false;
    }
  }
  // What has been begun below a point that others share is a part of its own.
  for (const Told& one : told) {
    const uint32_t below = one.by->part.first_point() + 1;
    if (one.by->children > 0 && one.by->part.end() > below) CutOff(one.by, below);
  }

  DropWhatIsDone();
  GoOnAtOnePoint();
  DivideInto(most);
  DropWhatIsDone();
  // Parents first: theirs have changed by the branches that were added.
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    entry->part.set_share(entry->parent == nullptr ? 1.0 : entry->parent->part.ShareOfBranch());
  }
  next->clear();
  for (Entry& entry : entries_) {
    if (next->size() == most) break;
    if (!IsLeft(entry)) continue;
    entry.is_out = true;
    entry.part.set_keeps_first(entry.children > 0);
    entry.part.set_places(places_);
    next->push_back(entry.part.ToBytes());
  }
  return true;
}

bool DporForest::IsLeft(const Entry& entry) const {
  for (uint32_t depth = entry.part.first_point(); depth < entry.part.end(); ++depth) {
    if (entry.part.IsLeftAt(depth)) return true;
  }
  return false;
}

// The points of the entry from `depth` on become its last child.
DporForest::Entry* DporForest::CutOff(Entry* entry, uint32_t depth) {
  const auto here = std::find_if(entries_.begin(), entries_.end(),
                                 [entry](const Entry& one) { return &one == entry; });
  Entry* const below =
      &*entries_.insert(here, Entry{entry->part.CutOff(depth), entry, 0, false});
  ++entry->children;
  return below;
}

// Makes the point an entry by itself.
void DporForest::Isolate(Entry* entry, uint32_t depth) {
  for (const uint32_t cut : {depth + 1, depth}) {
    if (cut <= entry->part.first_point() || cut >= entry->part.end()) continue;
    Entry* const below = CutOff(entry, cut);
    // Children are below the last point.
    for (Entry& one : entries_) {
      if (one.parent == entry && &one != below) one.parent = below;
    }
    below->children = std::exchange(entry->children, 1) - 1;
  }
}

void DporForest::GoOnAtOnePoint() {
  for (Entry& entry : entries_) {
    if (entry.children == 0) continue;
    for (uint32_t depth = entry.part.end(); depth-- > entry.part.first_point();) {
      if (entry.part.end() - entry.part.first_point() == 1) break;
      if (entry.part.IsLeftAt(depth)) Isolate(&entry, depth);
    }
  }
}

// Gives the points nearest to the root away, below which there tends to be the most.
void DporForest::DivideInto(size_t most) {
  auto parts = static_cast<size_t>(std::count_if(
      entries_.begin(), entries_.end(), [this](const Entry& entry) { return IsLeft(entry); }));
  for (; parts < most; ++parts) {
    Entry* largest = nullptr;
    uint32_t top = 0;
    for (Entry& entry : entries_) {
      if (entry.children > 0) continue;
      uint32_t first = entry.part.first_point();
      while (first < entry.part.end() && !entry.part.IsLeftAt(first)) ++first;
      uint32_t second = first + 1;
      while (second < entry.part.end() && !entry.part.IsLeftAt(second)) ++second;
      if (second < entry.part.end() && (largest == nullptr || first < top)) {
        largest = &entry;
        top = first;
      }
    }
    if (largest == nullptr) return;
    Isolate(largest, top);
  }
}

void DporForest::DropWhatIsDone() {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto current = entry++;
    if (current->children > 0 || current->part.Settle()) continue;
    if (current->parent != nullptr) --current->parent->children;
    entries_.erase(current);
  }
}

std::string DporForest::Recount(double share_done) const {
  SearchCounts counts;
  double left = 0;
  for (const Entry& entry : entries_) left += entry.part.ShareLeft();
  // Parts of one branch that differ by values count as branches, so that there may seem to be more.
  counts.share = std::max(0.0, 1.0 - left) - share_done;
  return counts.ToBytes();
}

std::string DporForest::ToBytes() const {
  ByteWriter writer;
  std::vector<const Entry*> order;
  for (const Entry& entry : entries_) order.push_back(&entry);
  writer.PutSpan(std::span(places_));
  writer.Put(static_cast<uint64_t>(order.size()));
  for (const Entry* const entry : order) {
    const auto parent = std::find(order.begin(), order.end(), entry->parent);
    writer.Put(static_cast<uint64_t>(parent - order.begin()));
    writer.Put(entry->is_out);
    writer.PutText(entry->part.started() ? entry->part.ToBytes() : std::string());
  }
  return writer.Take();
}

bool DporForest::Restore(std::string_view bytes) {
  ByteReader reader(bytes);
  uint64_t size = 0;
  if (!reader.GetVector(&places_) || !reader.Get(&size)) return false;
  entries_.clear();
  std::vector<Entry*> order;
  std::vector<uint64_t> parents;
  for (uint64_t i = 0; i < size; ++i) {
    Entry& entry = entries_.emplace_back(Entry{DporPart(), nullptr, 0, false});
    std::string part;
    std::vector<uint32_t> names;
    if (!reader.Get(&parents.emplace_back()) || !reader.Get(&entry.is_out) ||
        !reader.GetText(&part) || (!part.empty() && !entry.part.Restore(part, &places_, &names))) {
      return false;
    }
    order.push_back(&entry);
  }
  for (uint64_t i = 0; i < size; ++i) {
    if (parents[i] >= size) continue;
    if (parents[i] <= i) return false;
    order[i]->parent = order[parents[i]];
    ++order[i]->parent->children;
  }
  return reader.AtEnd();
}

}  // namespace heddle
