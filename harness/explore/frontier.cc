#include "harness/explore/frontier.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

namespace heddle {

uint64_t UnitSize(uint64_t first) {
  constexpr uint64_t kLeast = 64;
  constexpr uint64_t kMost = 65'536;
  return std::clamp(std::bit_floor(first / 16), kLeast, kMost);
}

namespace {

// On average. Few rounds, and the last ones still are a small share of all. Some milliseconds, so
// that it costs little to hand on; half a second at most for what is slow.
uint64_t StepsOfUnit(uint64_t steps_before) {
  constexpr uint64_t kLeast = uint64_t{1} << 15;
  constexpr uint64_t kMost = uint64_t{1} << 20;
  return std::clamp(steps_before / 16, kLeast, kMost);
}

}  // namespace

Frontier::Frontier(Division division, uint64_t most, uint64_t common, Shard shard)
    : division_(division), most_(most), common_(common), shard_(shard) {
  if (division_ == Division::kByIndex && common_ == 0) return;
  Unit whole;
  whole.number = numbers_++;
  whole.size = division_ == Division::kByIndex ? std::min(common_, most_) : most_;
  if (division_ == Division::kInRounds) whole.steps = StepsOfUnit(0);
  next_index_ = whole.size;
  closed_ = next_index_ == most_;
  units_.push_back(std::move(whole));
}

Unit* Frontier::AppendByIndex() {
  if (division_ != Division::kByIndex || closed_) return nullptr;
  while (next_index_ < most_ && ranges_++ % shard_.count != shard_.index) {
    next_index_ += std::min(UnitSize(next_index_), most_ - next_index_);
  }
  if (next_index_ >= most_) return nullptr;
  Unit unit;
  unit.number = numbers_++;
  unit.first = next_index_;
  unit.size = std::min(UnitSize(next_index_), most_ - next_index_);
  next_index_ += unit.size;
  units_.push_back(std::move(unit));
  return &units_.back();
}

Unit* Frontier::NextToRun() {
  for (Unit& unit : units_) {
    if (unit.state == Unit::State::kWaiting) return &unit;
    // What is learnt from the common executions may end the campaign.
    if (unit.first < common_ && unit.state != Unit::State::kEnded) return nullptr;
  }
  return AppendByIndex();
}

Unit* Frontier::Find(uint64_t number) {
  const auto found = std::find_if(units_.begin(), units_.end(),
                                  [number](const Unit& unit) { return unit.number == number; });
  return found == units_.end() ? nullptr : &*found;
}

Unit* Frontier::Front() {
  if (!units_.empty()) return &units_.front();
  return AppendByIndex();
}

void Frontier::End(Unit* unit, UnitResult result) {
  unit->state = Unit::State::kEnded;
  if (result.end == UnitEnd::kNoMore || result.end == UnitEnd::kStopped) {
    closed_ |= division_ == Division::kByIndex;
  }
  if (division_ == Division::kByParts || division_ == Division::kInRounds) {
    auto behind = std::find_if(units_.begin(), units_.end(),
                               [unit](const Unit& one) { return &one == unit; });
    ++behind;
    for (std::string& part : result.parts) {
      Unit next;
      next.number = numbers_++;
      next.size = most_;
      next.steps = unit->steps;
      next.part = std::move(part);
      next.handed_on_by = unit->number;
      units_.insert(behind, std::move(next));
    }
    unit->handed_on = result.parts.size();
    result.parts.clear();
  }
  unit->result = std::move(result);
}

// Ever shorter ones, so that the workers come to the end of the round at nearly the same time.
void Frontier::BeginRound(std::vector<std::string> parts, uint64_t steps_before) {
  const uint64_t steps = 2 * StepsOfUnit(steps_before) / std::max<size_t>(parts.size(), 1);
  uint64_t left = parts.size();
  for (std::string& part : parts) {
    Unit unit;
    unit.number = numbers_++;
    unit.size = most_;
    unit.steps = steps * left--;
    unit.part = std::move(part);
    units_.push_back(std::move(unit));
  }
}

void Frontier::CutShort(Unit* front, uint64_t size) {
  units_.erase(std::next(units_.begin()), units_.end());
  front->size = size;
  front->state = Unit::State::kWaiting;
  front->events.clear();
  closed_ = true;
}

}  // namespace heddle
