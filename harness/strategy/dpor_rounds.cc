#include "harness/strategy/dpor_rounds.h"

#include <algorithm>
#include <list>
#include <utility>

#include "harness/core/bytes.h"
#include "harness/strategy/dpor_left.h"
#include "harness/strategy/search_counts.h"

namespace heddle {
namespace {

bool IsLeft(DporLeft* left) {
  if (left->kind == DporLeft::Kind::kSearch) return left->search.IsLeft();
  return left->kind == DporLeft::Kind::kTrees && (!left->trees.started() || left->trees.Settle());
}

bool IsDivisible(const DporLeft& left) {
  return left.kind == DporLeft::Kind::kSearch ? left.search.IsDivisible()
                                              : left.trees.IsDivisible();
}

// What would be explored last.
DporLeft TakeFrom(DporLeft* left) {
  DporLeft taken;
  taken.kind = left->kind;
  if (left->kind == DporLeft::Kind::kSearch) {
    taken.search = left->search.TakeLast();
  } else {
    taken.trees = std::move(left->trees.TakeChoices(1).front());
  }
  return taken;
}

// Into at most so many parts, in the order of the search.
void Divide(std::list<DporLeft>* parts, size_t most) {
  while (parts->size() < most) {
    auto largest = parts->end();
    for (auto part = parts->begin(); part != parts->end(); ++part) {
      if (!IsDivisible(*part)) continue;
      if (largest == parts->end() || part->ShareLeft() > largest->ShareLeft()) largest = part;
    }
    if (largest == parts->end()) return;
    parts->insert(std::next(largest), TakeFrom(&*largest));
  }
}

}  // namespace

bool DporRounds::Next(std::span<const std::string> left, size_t most,
                      std::vector<std::string>* next) {
  std::list<DporLeft> parts;
  bool beyond = false;
  for (const std::string& bytes : left) {
    DporLeft part;
    if (!part.Restore(bytes)) return false;
    executions_ += std::exchange(part.executions, 0);
    beyond |= part.kind == DporLeft::Kind::kBeyond;
    if (IsLeft(&part)) parts.push_back(std::move(part));
  }
  made_again_ = 0;
  if (beyond) {
    made_again_ = std::exchange(executions_, 0);
    parts.clear();
    parts.emplace_back().kind = DporLeft::Kind::kTrees;
  }
  Divide(&parts, most);
  share_left_ = 0;
  next->clear();
  for (const DporLeft& part : parts) {
    share_left_ += part.ShareLeft();
    next->push_back(part.ToBytes());
  }
  return true;
}

std::string DporRounds::Recount(double share_done) const {
  SearchCounts counts;
  counts.share = std::max(0.0, 1.0 - share_left_) - share_done;
  counts.redundant = made_again_;
  return counts.ToBytes();
}

std::string DporRounds::ToBytes() const {
  ByteWriter writer;
  writer.Put(share_left_);
  writer.Put(executions_);
  writer.Put(made_again_);
  return writer.Take();
}

bool DporRounds::Restore(std::string_view bytes) {
  ByteReader reader(bytes);
  return reader.Get(&share_left_) && reader.Get(&executions_) && reader.Get(&made_again_) &&
         reader.AtEnd();
}

}  // namespace heddle
