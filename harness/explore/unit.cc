#include "harness/explore/unit.h"

#include <span>

#include "harness/core/random.h"

namespace heddle {

void UnitCounts::Add(const UnitCounts& other) {
  executions += other.executions;
  steps += other.steps;
  cut_by_step_limit += other.cut_by_step_limit;
  hangs += other.hangs;
  deferred_spinner |= other.deferred_spinner;
  not_judged += other.not_judged;
}

void UnitTask::Put(ByteWriter* writer) const {
  writer->Put(number);
  writer->Put(first);
  writer->Put(size);
  writer->Put(steps);
  writer->PutText(part);
  writer->Put(pieces);
  writer->Put(slice);
  writer->Put(least);
  writer->PutSpan(std::span(fatal));
  writer->PutSpan(std::span(known));
  writer->Put(found);
  writer->Put(covered);
  writer->Put(offer);
}

bool UnitTask::Get(ByteReader* reader) {
  return reader->Get(&number) && reader->Get(&first) && reader->Get(&size) && reader->Get(&steps) &&
         reader->GetText(&part) && reader->Get(&pieces) && reader->Get(&slice) &&
         reader->Get(&least) && reader->GetVector(&fatal) && reader->GetVector(&known) &&
         reader->Get(&found) && reader->Get(&covered) &&
         reader->Get(&offer);
}

void SearchState::Put(ByteWriter* writer) const {
  for (const std::string* text : {&words, &bound, &counts}) writer->PutText(*text);
}

bool SearchState::Get(ByteReader* reader) {
  return reader->GetText(&words) && reader->GetText(&bound) && reader->GetText(&counts);
}

void UnitEvent::Put(ByteWriter* writer) const {
  writer->Put(number);
  writer->Put(place);
  writer->Put(counts);
  writer->Put(died);
  writer->Put(needs_unlock_points);
  writer->Put(static_cast<uint64_t>(raised.size()));
  for (const RaisedSuspicion& suspicion : raised) {
    writer->Put(suspicion.id);
    writer->Put(suspicion.kind);
    writer->PutText(suspicion.message);
  }
  writer->PutSpan(std::span(decisions));
  search.Put(writer);
  coverage.Put(writer);
  writer->Put(time);
}

bool UnitEvent::Get(ByteReader* reader) {
  uint64_t count = 0;
  if (!reader->Get(&number) || !reader->Get(&place) || !reader->Get(&counts) ||
      !reader->Get(&died) || !reader->Get(&needs_unlock_points) || !reader->Get(&count)) {
    return false;
  }
  raised.clear();
  for (uint64_t i = 0; i < count; ++i) {
    RaisedSuspicion suspicion;
    if (!reader->Get(&suspicion.id) || !reader->Get(&suspicion.kind) ||
        !reader->GetText(&suspicion.message)) {
      return false;
    }
    raised.push_back(std::move(suspicion));
  }
  return reader->GetVector(&decisions) && search.Get(reader) && coverage.Get(reader) &&
         reader->Get(&time);
}

void UnitResult::Put(ByteWriter* writer) const {
  writer->Put(number);
  writer->Put(end);
  writer->Put(counts);
  writer->Put(exhausted);
  search.Put(writer);
  coverage.Put(writer);
  writer->Put(static_cast<uint64_t>(parts.size()));
  for (const std::string& part : parts) writer->PutText(part);
  writer->PutText(told);
  writer->Put(time);
}

bool UnitResult::Get(ByteReader* reader) {
  uint64_t count = 0;
  if (!reader->Get(&number) || !reader->Get(&end) || !reader->Get(&counts) ||
      !reader->Get(&exhausted) || !search.Get(reader) || !coverage.Get(reader) ||
      !reader->Get(&count)) {
    return false;
  }
  parts.clear();
  for (std::string part; count > 0; --count) {
    if (!reader->GetText(&part)) return false;
    parts.push_back(std::move(part));
  }
  return reader->GetText(&told) && reader->Get(&time);
}

uint64_t SuspicionId(FindingKind kind, uint64_t key) {
  return MixSeed(static_cast<uint64_t>(kind), key);
}

}  // namespace heddle
