// What steps, threads and objects of partial-order reduction look like as bytes. Each instance
// calls threads by numbers of its own, so that a reader says what they are called where it reads.
#ifndef HEDDLE_HARNESS_STRATEGY_DPOR_WIRE_H_
#define HEDDLE_HARNESS_STRATEGY_DPOR_WIRE_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "harness/core/bytes.h"
#include "harness/strategy/dpor_path.h"
#include "harness/strategy/object_name.h"
#include "harness/strategy/step_trace.h"

namespace heddle {

// A ByteReader that knows what the threads of the bytes are called here.
class DporReader : public ByteReader {
 public:
  DporReader(std::string_view bytes, std::span<const uint32_t> names)
      : ByteReader(bytes), names_(names) {}

  bool GetThread(uint32_t* thread) {
    if (!Get(thread) || *thread >= names_.size()) return false;
    *thread = names_[*thread];
    return true;
  }
  // Appends them.
  template <typename Accesses>
  bool GetAccesses(Accesses* accesses) {
    uint64_t count = 0;
    if (!Get(&count)) return false;
    for (Access access; count > 0; --count) {
      if (!Get(&access.object) || !Get(&access.kind) || !Get(&access.may_wait) ||
          !Get(&access.footprint) || !RenameThreadOf(&access.object, names_)) {
        return false;
      }
      accesses->push_back(access);
    }
    return true;
  }
  // A bit set of threads.
  bool GetThreads(std::vector<uint64_t>* words) {
    std::vector<uint64_t> theirs;
    if (!GetVector(&theirs)) return false;
    const size_t first = words->size();
    words->resize(first + theirs.size(), 0);
    for (size_t thread = 0; thread < theirs.size() * 64; ++thread) {
      if ((theirs[thread / 64] >> (thread % 64) & 1) == 0) continue;
      if (thread >= names_.size()) return false;
      const uint32_t name = names_[thread];
      if (first + name / 64 >= words->size()) words->resize(first + name / 64 + 1, 0);
      (*words)[first + name / 64] |= uint64_t{1} << (name % 64);
    }
    return true;
  }

 private:
  std::span<const uint32_t> names_;
};

inline void PutAccesses(std::span<const Access> accesses, ByteWriter* writer) {
  writer->Put(static_cast<uint64_t>(accesses.size()));
  for (const Access& access : accesses) {
    writer->Put(access.object);
    writer->Put(access.kind);
    writer->Put(access.may_wait);
    writer->Put(access.footprint);
  }
}

// Appends the elements that `get` reads to the array; `*range` is where they are.
template <typename Element, typename Get>
bool GetRange(std::vector<Element>* all, Range* range, Get get) {
  range->first = static_cast<uint32_t>(all->size());
  if (!get(all)) return false;
  range->size = static_cast<uint32_t>(all->size()) - range->first;
  return true;
}

template <typename Element>
bool GetMore(ByteReader* reader, std::vector<Element>* all) {
  std::vector<Element> more;
  if (!reader->GetVector(&more)) return false;
  all->insert(all->end(), more.begin(), more.end());
  return true;
}

// Step i of the path.
inline void PutStep(const DporPath& path, uint32_t i, ByteWriter* writer) {
  writer->Put(path[i].pick);
  writer->Put(path[i].thread);
  writer->Put(path[i].effects);
  PutAccesses(path.AccessesOf(i), writer);
  writer->PutSpan(path.ValuesOf(i));
  writer->PutSpan(path.EnabledAt(i));
}

// Appends it to the trace.
inline bool GetStep(DporReader* reader, StepTrace* trace) {
  TracedStep step;
  if (!reader->Get(&step.pick) || !reader->GetThread(&step.thread) || !reader->Get(&step.effects) ||
      !GetRange(&trace->accesses, &step.accesses,
                [&](auto* all) { return reader->GetAccesses(all); }) ||
      !GetRange(&trace->values, &step.values, [&](auto* all) { return GetMore(reader, all); }) ||
      !GetRange(&trace->enabled, &step.enabled,
                [&](auto* all) { return reader->GetThreads(all); })) {
    return false;
  }
  trace->steps.push_back(step);
  return true;
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_DPOR_WIRE_H_
