// Bounded search handed on: what is left of it as one part, which another instance goes on with as
// if it were the same one.
//
// A search is not divided among instances: each execution puts off others that come behind all that
// is cheaper, whoever explores it.
#include <algorithm>
#include <span>
#include <unordered_map>
#include <utility>

#include "harness/core/bytes.h"
#include "harness/core/check.h"
#include "harness/strategy/bounded_search.h"

namespace heddle {

std::vector<std::string> BoundedSearch::Split(size_t most) {
  HEDDLE_CHECK(started_ && most > 0, "a search is divided before it has begun, or into nothing");
  std::vector<std::string> free;
  if (free_ != nullptr) free = free_->Split(1);
  if (free.empty() && free_ != nullptr) {
    Plan none;
    free_->Next(&none);  // so that it knows that it has ended
    EndFree();
  }
  if (free.empty() && (put_off_.empty() || put_off_.begin()->first > bound_)) return {};

  ByteWriter writer;
  writer.Put(current_);
  writer.Put(incomplete_from_);
  writer.PutSpan(std::span<const Decision>(root_));
  writer.PutText(free.empty() ? "" : free[0]);
  writer.PutText(free.empty() ? "" : free_->Counts());
  // Each path once, where the first that begins with it comes.
  std::unordered_map<const void*, uint32_t> paths;
  for (const auto& [price, those] : put_off_) {
    for (const PutOff& one : those) {
      const auto [found, is_new] =
          paths.try_emplace(one.path.get(), static_cast<uint32_t>(paths.size()));
      writer.Put(price);
      writer.Put(found->second);
      if (is_new) writer.PutSpan(std::span<const Decision>(*one.path));
      writer.Put(one.length);
      writer.Put(one.instead);
    }
  }
  ByteWriter part;
  const std::string state = writer.Take();
  part.Put(HashBytes(state));
  part.PutText(state);
  return {part.Take()};
}

bool BoundedSearch::Adopt(std::string_view part) {
  ByteReader checked(part);
  uint64_t hash = 0;
  std::string state;
  if (!checked.Get(&hash) || !checked.GetText(&state) || !checked.AtEnd() ||
      HashBytes(state) != hash) {
    return false;
  }
  ByteReader reader(state);
  std::string free;
  std::string free_counts;
  if (!reader.Get(&current_) || !reader.Get(&incomplete_from_) || !reader.GetVector(&root_) ||
      !reader.GetText(&free) || !reader.GetText(&free_counts)) {
    return false;
  }
  if (!free.empty()) {
    free_ = std::make_unique<Dfs>(DfsOptions{.sleep_sets = false});
    if (!free_->Adopt(free) || !free_->Add(free_counts, /*finished=*/false)) return false;
  }
  std::vector<std::shared_ptr<const std::vector<Decision>>> paths;
  while (!reader.AtEnd()) {
    uint32_t price = 0;
    uint32_t number = 0;
    if (!reader.Get(&price) || !reader.Get(&number) || number > paths.size()) return false;
    if (number == paths.size()) {
      std::vector<Decision> path;
      if (!reader.GetVector(&path)) return false;
      memory_ += path.size() * sizeof(Decision);
      paths.push_back(std::make_shared<const std::vector<Decision>>(std::move(path)));
    }
    PutOff one{paths[number], 0, {}};
    if (!reader.Get(&one.length) || one.length > one.path->size() || !reader.Get(&one.instead)) {
      return false;
    }
    memory_ += sizeof(PutOff);
    put_off_[price].push_back(std::move(one));
  }
  started_ = true;
  return true;
}

std::string BoundedSearch::Counts() const {
  ByteWriter writer;
  writer.Put(executions_);
  writer.Put(current_);
  writer.Put(incomplete_from_);
  return writer.Take();
}

bool BoundedSearch::Add(std::string_view counts, bool finished) {
  ByteReader reader(counts);
  uint64_t executions = 0;
  uint32_t current = 0;
  uint32_t incomplete_from = 0;
  if (!reader.Get(&executions) || !reader.Get(&current) || !reader.Get(&incomplete_from) ||
      !reader.AtEnd()) {
    return false;
  }
  executions_ += executions;
  current_ = std::max(current_, current);
  incomplete_from_ = std::min(incomplete_from_, incomplete_from);
  finished_ = finished;
  return true;
}

}  // namespace heddle
