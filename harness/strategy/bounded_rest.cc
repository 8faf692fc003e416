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
  return true;
}

void BoundedRest::Append(std::vector<RootList> others) {
  if (others.size() > put_off.size()) put_off.resize(others.size());
  for (size_t i = 0; i < others.size(); ++i) {
    memory += others[i].bytes();
    put_off[i].Append(std::move(others[i]));
  }
}

void BoundedRest::CutTo(size_t most_memory) {
  if (memory <= most_memory) return;
  memory = 0;
  size_t i = 0;
  while (memory + put_off[i].bytes() <= most_memory) memory += put_off[i++].bytes();
  closed_from = price + 1 + static_cast<uint32_t>(i);
  put_off.resize(i + 1);
  put_off[i].CutTo(most_memory - memory);
  memory += put_off[i].bytes();
}

bool BoundedRest::GoOn() {
  HEDDLE_CHECK(here.empty(), "a search goes on to the next price before it is through with one");
  const auto next = std::find_if(put_off.begin(), put_off.end(),
                                 [](const RootList& list) { return !list.empty(); });
  if (next == put_off.end()) return false;
  price += 1 + static_cast<uint32_t>(next - put_off.begin());
  here = std::move(*next);
  put_off.erase(put_off.begin(), next + 1);
  memory -= here.bytes();
  closed_from = kNever;
  return true;
}

std::string BoundedRest::PartOf(uint64_t roots_of_part) {
  BoundedRest part;
  part.price = price;
  part.closed_from = closed_from;
  part.is_part = true;
  part.here = here.TakeMany(roots_of_part);
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
      !reader.Get(&steps) || !reader.Get(&roots) || !here.Get(&reader) || !reader.Get(&prices)) {
    return false;
  }
  for (; prices > 0; --prices) {
    RootList& list = put_off.emplace_back();
    if (!list.Get(&reader)) return false;
    memory += list.bytes();
  }
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
