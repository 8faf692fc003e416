#include "harness/strategy/dpor_rounds.h"

#include <algorithm>
#include <list>
#include <utility>

#include "harness/core/bytes.h"
#include "harness/strategy/dpor_left.h"
#include "harness/strategy/parsimonious_search.h"
#include "harness/strategy/search_counts.h"

namespace heddle {
namespace {

using Kind = DporLeft::Kind;

// Into at most so many parts, in the order of the search.
void Divide(std::list<ParsimoniousSearch>* parts, size_t most) {
  while (parts->size() < most) {
    auto largest = parts->end();
    for (auto part = parts->begin(); part != parts->end(); ++part) {
      if (!part->IsDivisible()) continue;
      if (largest == parts->end() || part->ShareLeft() > largest->ShareLeft()) largest = part;
    }
    if (largest == parts->end()) return;
    parts->insert(std::next(largest), largest->TakeLast());
  }
}

}  // namespace

bool DporRounds::Next(std::span<const std::string> left, size_t most,
                      std::vector<std::string>* next) {
  made_again_ = 0;
  next->clear();
  std::vector<DporLeft> told(left.size());
  bool beyond = false;
  for (size_t i = 0; i < left.size(); ++i) {
    if (!told[i].Restore(left[i])) return false;
    executions_ += told[i].executions;
    beyond |= told[i].kind == Kind::kBeyond;
    // The first part of all has seen by itself that it needs them.
    if (told[i].kind == Kind::kSource && forest_ == nullptr) {
      forest_ = std::make_unique<DporForest>();
    }
  }
  if (forest_ != nullptr) return NextOfForest(told, most, next);
  if (beyond) {
    BeginAgain(next);
    return true;
  }
  std::list<ParsimoniousSearch> parts;
  for (const DporLeft& one : told) {
    if (one.kind == Kind::kOptimal && !parts.emplace_back().Restore(one.state)) return false;
  }
  Divide(&parts, most);
  share_left_ = 0;
  for (const ParsimoniousSearch& part : parts) {
    share_left_ += part.ShareLeft();
    next->push_back(DporLeft{Kind::kOptimal, 0, part.ToBytes()}.ToBytes());
  }
  return true;
}

// As one part, the whole tree.
void DporRounds::BeginAgain(std::vector<std::string>* next) {
  forest_ = std::make_unique<DporForest>();
  made_again_ = std::exchange(executions_, 0);
  share_left_ = 1;
  next->push_back(DporLeft{Kind::kSource, 0, ""}.ToBytes());
}

bool DporRounds::NextOfForest(const std::vector<DporLeft>& left, size_t most,
                              std::vector<std::string>* next) {
  std::vector<std::string> states;
  for (const DporLeft& one : left) states.push_back(one.state);
  std::vector<std::string> parts;
  if (!forest_->Next(states, most, &parts)) return false;
  for (const std::string& part : parts) {
    next->push_back(DporLeft{Kind::kSource, 0, part}.ToBytes());
  }
  return true;
}

std::string DporRounds::Recount(double share_done) const {
  if (forest_ != nullptr && made_again_ == 0) return forest_->Recount(share_done);
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
  writer.Put(forest_ != nullptr);
  if (forest_ != nullptr) writer.PutText(forest_->ToBytes());
  return writer.Take();
}

bool DporRounds::Restore(std::string_view bytes) {
  ByteReader reader(bytes);
  bool has_forest = false;
  if (!reader.Get(&share_left_) || !reader.Get(&executions_) || !reader.Get(&made_again_) ||
      !reader.Get(&has_forest)) {
    return false;
  }
  if (has_forest) {
    std::string forest;
    forest_ = std::make_unique<DporForest>();
    if (!reader.GetText(&forest) || !forest_->Restore(forest)) return false;
  }
  return reader.AtEnd();
}

}  // namespace heddle
