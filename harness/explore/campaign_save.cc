// CampaignRun: its state as bytes, for a checkpoint, and back.
//
// Units whose results are not part of the campaign's result yet are saved as they were handed out:
// they are explored again. So nothing is counted twice.
#include <set>
#include <span>
#include <utility>

#include "harness/explore/campaign_run.h"
#include "harness/explore/checkpoint.h"

namespace heddle {

void Confirmation::Save(ByteWriter* writer) const {
  writer->PutSpan(std::span<const uint64_t>(std::vector<uint64_t>(known_.begin(), known_.end())));
  writer->Put(found_);
  writer->Put(nondeterministic_);
  writer->Put(static_cast<uint64_t>(fingerprint_of_.size()));
  for (const auto& [id, fingerprint] : fingerprint_of_) {
    writer->Put(id);
    writer->PutText(fingerprint);
  }
}

bool Confirmation::Restore(ByteReader* reader) {
  std::vector<uint64_t> known;
  if (!reader->GetVector(&known) || !reader->Get(&found_) || !reader->Get(&nondeterministic_)) {
    return false;
  }
  known_ = {known.begin(), known.end()};
  uint64_t fingerprints = 0;
  if (!reader->Get(&fingerprints)) return false;
  while (fingerprints-- > 0) {
    uint64_t id = 0;
    if (!reader->Get(&id) || !reader->GetText(&fingerprint_of_[id])) return false;
  }
  for (const FoundBug& found : result_.findings) {
    fingerprints_.insert(found.finding.fingerprint);
    std::string error;
    if (folder_ != nullptr && !folder_->Keep(found, &error)) result_.internal_error = error;
  }
  return true;
}

void Frontier::Save(ByteWriter* writer) const {
  std::set<uint64_t> here;
  for (const Unit& unit : units_) here.insert(unit.number);
  writer->Put(numbers_);
  writer->Put(next_index_);
  writer->Put(ranges_);
  writer->Put(closed_);
  for (const Unit& unit : units_) {
    if (unit.handed_on_by && here.contains(*unit.handed_on_by)) continue;  // it will be again
    writer->Put(true);
    writer->Put(unit.number);
    writer->Put(unit.first);
    writer->Put(unit.size);
    writer->Put(unit.steps);
    writer->PutText(unit.part);
    writer->Put(unit.merged);
    writer->Put(unit.merged_hangs);
    writer->Put(unit.merged_covered);
    std::vector<uint64_t> fatal;
    for (const uint64_t place : unit.fatal) {
      if (unit.merged && place <= *unit.merged) fatal.push_back(place);
    }
    writer->PutSpan(std::span<const uint64_t>(fatal));
  }
  writer->Put(false);
}

bool Frontier::Restore(ByteReader* reader) {
  if (!reader->Get(&numbers_) || !reader->Get(&next_index_) || !reader->Get(&ranges_) ||
      !reader->Get(&closed_)) {
    return false;
  }
  units_.clear();
  for (bool another = false; reader->Get(&another);) {
    if (!another) return true;
    Unit unit;
    if (!reader->Get(&unit.number) || !reader->Get(&unit.first) || !reader->Get(&unit.size) ||
        !reader->Get(&unit.steps) || !reader->GetText(&unit.part) || !reader->Get(&unit.merged) ||
        !reader->Get(&unit.merged_hangs) || !reader->Get(&unit.merged_covered) ||
        !reader->GetVector(&unit.fatal)) {
      return false;
    }
    unit.last_event = unit.merged;
    unit.hangs = unit.merged_hangs;
    unit.covered = unit.merged_covered;
    units_.push_back(std::move(unit));
  }
  return false;
}

std::string CampaignRun::Save() {
  ByteWriter writer;
  PutResult(result_, &writer);
  writer.Put(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin_));
  writer.Put(execution_.unlock_is_point);
  confirmation_.Save(&writer);
  writer.Put(tally_.earlier);
  writer.Put(tally_.counts);
  writer.Put(tally_.deaths);
  tally_.coverage.Put(&writer);
  writer.PutSpan(std::span<const uint64_t>(task_.fatal_common));
  writer.PutText(whole_->Counts());
  frontier_->Save(&writer);
  if (rounds_ != nullptr) {
    writer.PutText(rounds_->ToBytes());
    writer.Put(round_size_);
    writer.Put(static_cast<uint64_t>(left_.size()));
    for (const std::string& part : left_) writer.PutText(part);
  }
  return writer.Take();
}

bool CampaignRun::RestoreRound(ByteReader* reader) {
  if (rounds_ == nullptr) return true;
  std::string parts;
  uint64_t left = 0;
  if (!reader->GetText(&parts) || !rounds_->Restore(parts) || !reader->Get(&round_size_) ||
      !reader->Get(&left)) {
    return false;
  }
  for (; left > 0; --left) {
    if (!reader->GetText(&left_.emplace_back())) return false;
  }
  return true;
}

bool CampaignRun::Restore(std::string_view saved, const std::string& folder) {
  ByteReader reader(saved);
  std::chrono::nanoseconds elapsed{};
  if (!GetResult(&reader, &result_) || !reader.Get(&elapsed) ||
      !reader.Get(&execution_.unlock_is_point)) {
    return false;
  }
  if (!ReadFindings(folder, &result_, &result_.internal_error)) return true;  // said by the result
  begin_ -= std::chrono::duration_cast<Clock::duration>(elapsed);
  deadline_ -= std::chrono::duration_cast<Clock::duration>(elapsed);
  if (!confirmation_.Restore(&reader) || !reader.Get(&tally_.earlier)) return false;
  BeginStage();
  std::string searched;
  if (!reader.Get(&tally_.counts) || !reader.Get(&tally_.deaths) ||
      !tally_.coverage.Get(&reader) || !reader.GetVector(&task_.fatal_common) ||
      !reader.GetText(&searched)) {
    return false;
  }
  if (!whole_->Add(searched, /*finished=*/false)) return false;
  restored_ = true;
  return frontier_->Restore(&reader) && RestoreRound(&reader) && reader.AtEnd();
}

}  // namespace heddle
