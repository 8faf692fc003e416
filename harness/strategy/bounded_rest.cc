#include "harness/strategy/bounded_rest.h"

#include <algorithm>
#include <utility>

#include "harness/core/bytes.h"
#include "harness/core/check.h"

namespace heddle {

bool BoundedRest::PutOff(uint32_t of_price, uint64_t group, std::span<const Decision> path,
                         size_t length, Decision last) {
  if (of_price >= closed_from) return false;
  const size_t behind = of_price - price - 1;
  if (behind >= put_off.size()) put_off.resize(behind + 1);
  RootList& list = put_off[behind];
  memory -= list.bytes();
  list.Add(group, path, length, last, /*values_end=*/0);
  memory += list.bytes();
  ++reachable;
  return true;
}

void BoundedRest::Append(BoundedRest other) {
  const size_t open = std::min<size_t>(other.put_off.size(), closed_from - price - 1);
  if (open > put_off.size()) put_off.resize(open);
  for (size_t i = 0; i < open; ++i) put_off[i].Append(std::move(other.put_off[i]));
  if (other.closed_from < closed_from) {
    CloseFrom(other.closed_from);
  } else {
    Recount();
  }
}

void BoundedRest::Recount() {
  memory = 0;
  reachable = begun;
  for (size_t i = 0; i < put_off.size(); ++i) {
    memory += put_off[i].bytes();
    if (price + 1 + i < closed_from) reachable += put_off[i].size();
  }
}

void BoundedRest::CloseFrom(uint32_t of_price) {
  closed_from = of_price;
  put_off.resize(of_price - price);
  Recount();
}

void BoundedRest::CutTo(const BoundedLimits& limits) {
  const auto list = [this](uint32_t of_price) -> const RootList& {
    return put_off[of_price - price - 1];
  };
  if (reachable >= limits.executions) {
    uint32_t of_price = price + 1;
    uint64_t before = begun;
    while (before < limits.executions && (before += list(of_price).size()) < limits.executions) {
      ++of_price;
    }
    CloseFrom(of_price);
  }
  if (memory <= limits.memory) return;
  size_t left = limits.memory;
  uint32_t of_price = price + 1;
  for (; list(of_price).bytes() <= left; ++of_price) left -= list(of_price).bytes();
  CloseFrom(of_price);
  put_off.back().CutTo(left);
  Recount();
}

bool BoundedRest::GoOn(const BoundedLimits& limits) {
  HEDDLE_CHECK(here.empty(), "a search goes on to the next price before it is through with one");
  const auto next = std::find_if(put_off.begin(), put_off.end(),
                                 [](const RootList& list) { return !list.empty(); });
  if (next == put_off.end()) return false;
  price += 1 + static_cast<uint32_t>(next - put_off.begin());
  here = std::move(*next);
  put_off.erase(put_off.begin(), next + 1);
  closed_from = kNever;
  begun = here.size();
  Recount();
  CutTo(limits);
  return true;
}

std::string BoundedRest::PartOf(uint64_t roots_of_part) {
  BoundedRest part;
  part.price = price;
  part.closed_from = closed_from;
  part.is_part = true;
  part.here = here.TakeMany(roots_of_part);
  part.begun = part.here.size();
  return part.ToBytes();
}

uint64_t BoundedRest::Roots() const {
  uint64_t roots = here.size();
  for (const RootList& list : put_off) roots += list.size();
  return roots;
}

std::string BoundedRest::ToBytes() const {
  ByteWriter writer;
  writer.Put(price);
  writer.Put(closed_from);
  writer.Put(is_part);
  writer.Put(steps);
  writer.Put(roots);
  writer.Put(begun);
  here.Put(&writer);
  writer.Put(static_cast<uint64_t>(put_off.size()));
  for (const RootList& list : put_off) list.Put(&writer);
  return Seal(writer.Take());
}

bool BoundedRest::Restore(std::string_view bytes) {
  if (!Unseal(&bytes)) return false;
  ByteReader reader(bytes);
  uint64_t prices = 0;
  if (!reader.Get(&price) || !reader.Get(&closed_from) || !reader.Get(&is_part) ||
      !reader.Get(&steps) || !reader.Get(&roots) || !reader.Get(&begun) || !here.Get(&reader) ||
      !reader.Get(&prices)) {
    return false;
  }
  for (; prices > 0; --prices) {
    if (!put_off.emplace_back().Get(&reader)) return false;
  }
  Recount();
  return reader.AtEnd();
}

std::string BoundedCounts::ToBytes() const {
  ByteWriter writer;
  writer.Put(*this);
  return writer.Take();
}

bool BoundedCounts::Add(std::string_view bytes) {
  ByteReader reader(bytes);
  BoundedCounts other;
  if (!reader.Get(&other) || !reader.AtEnd()) return false;
  executions += other.executions;
  price = std::max(price, other.price);
  incomplete_from = std::min(incomplete_from, other.incomplete_from);
  return true;
}

}  // namespace heddle
