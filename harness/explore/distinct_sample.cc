#include "harness/explore/distinct_sample.h"

#include <algorithm>
#include <span>
#include <vector>

namespace heddle {

void DistinctSample::Keep(uint64_t hash, bool again) {
  const auto [it, is_new] = again_.try_emplace(hash, again);
  if (is_new) {
    once_ += again ? 0 : 1;
    if (again_.size() > kMost) Thin(level_ + 1);
  } else if (!it->second) {
    it->second = true;
    --once_;
  }
}

void DistinctSample::Thin(int level) {
  while (level > level_) {
    ++level_;
    absl::erase_if(again_, [this](const auto& one) { return !Keeps(one.first); });
    if (again_.size() > kMost) level = std::max(level, level_ + 1);
  }
  once_ = static_cast<uint64_t>(
      std::count_if(again_.begin(), again_.end(), [](const auto& one) { return !one.second; }));
}

void DistinctSample::Add(const DistinctSample& other) {
  if (other.level_ > level_) Thin(other.level_);
  for (const auto& [hash, again] : other.again_) {
    if (Keeps(hash)) Keep(hash, again);
  }
}

void DistinctSample::Clear() {
  again_.clear();
  once_ = 0;
  level_ = 0;
}

void DistinctSample::Put(ByteWriter* writer) const {
  std::vector<uint64_t> once;
  std::vector<uint64_t> more;
  for (const auto& [hash, again] : again_) (again ? more : once).push_back(hash);
  std::ranges::sort(once);
  std::ranges::sort(more);
  writer->Put(level_);
  writer->PutSpan(std::span<const uint64_t>(once));
  writer->PutSpan(std::span<const uint64_t>(more));
}

bool DistinctSample::Get(ByteReader* reader) {
  Clear();
  std::vector<uint64_t> once;
  std::vector<uint64_t> more;
  if (!reader->Get(&level_) || level_ < 0 || level_ > 48 || !reader->GetVector(&once) ||
      !reader->GetVector(&more) || once.size() + more.size() > kMost) {
    return false;
  }
  const auto kept = [this](uint64_t hash) { return Keeps(hash); };
  if (!std::ranges::all_of(once, kept) || !std::ranges::all_of(more, kept)) return false;
  for (const uint64_t hash : once) again_.emplace(hash, false);
  for (const uint64_t hash : more) again_.emplace(hash, true);
  once_ = once.size();
  return again_.size() == once.size() + more.size();
}

}  // namespace heddle
