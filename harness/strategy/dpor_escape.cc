// Branches that one part of partial-order reduction tells another of: a sequence of steps without
// the path that it was found on, whose order is found again where it is added.
#include "harness/strategy/dpor_part.h"
#include "harness/strategy/dpor_wire.h"

namespace heddle {

std::string Sequence::ToEscape(uint32_t point) const {
  ByteWriter writer;
  writer.Put(point);
  writer.Put(static_cast<uint64_t>(positions_.size() - 1));
  for (size_t i = 0; i + 1 < positions_.size(); ++i) PutStep(*path_, positions_[i], &writer);
  // Who was created in which of them.
  for (uint32_t thread = 0; thread < path_->threads(); ++thread) {
    for (uint32_t i = 0; i + 1 < positions_.size(); ++i) {
      if (path_->BirthOf(thread) != positions_[i]) continue;
      writer.Put(true);
      writer.Put(thread);
      writer.Put(i);
    }
  }
  writer.Put(false);
  writer.Put(last_.thread);
  writer.Put(last_.order_matters);
  PutAccesses(last_.accesses, &writer);
  return writer.Take();
}

uint32_t DporPart::PointOf(std::string_view escape) {
  uint32_t point = 0;
  return ByteReader(escape).Get(&point) ? point : DporPath::kNone;
}

bool DporPart::AddEscape(std::string_view escape, std::span<const uint32_t> names) {
  DporReader reader(escape, names);
  uint32_t point = 0;
  uint64_t size = 0;
  if (!reader.Get(&point) || point < floor_ || point >= nodes_.size() || !reader.Get(&size)) {
    return false;
  }
  StepTrace trace;
  for (; size > 0; --size) {
    if (!GetStep(&reader, &trace)) return false;
  }
  std::vector<std::vector<uint32_t>> born(trace.steps.size());
  bool another = false;
  while (reader.Get(&another) && another) {
    Birth birth;
    if (!reader.GetThread(&birth.thread) || !reader.Get(&birth.step) || birth.step >= born.size()) {
      return false;
    }
    born[birth.step].push_back(birth.thread);
  }
  SequenceStep last;
  std::vector<Access> accesses;
  if (another || !reader.GetThread(&last.thread) || !reader.Get(&last.order_matters) ||
      !reader.GetAccesses(&accesses) || !reader.AtEnd()) {
    return false;
  }
  last.accesses = accesses;
  last.values_are_free = true;

  DporPath path = path_;
  path.Truncate(point);
  sequence_.Start(path);
  std::vector<uint32_t> races;
  for (uint32_t i = 0; i < trace.steps.size(); ++i) {
    path.Add(trace.steps[i], trace, &races);
    for (const uint32_t thread : born[i]) path.AddBirth(thread, point + i);
    sequence_.Add(point + i);
  }
  sequence_.AddLast(last);
  Note(point);
  return true;
}

}  // namespace heddle
