// Names for the pointers among the values of an execution, which as numbers would say nothing to a
// reader and differ from one process to the next:
//
//   block 2, block 2+8    into the heap's second block, in order of allocation; a block keeps its
//                         name when its memory is reused
//   &counter, &table+16   a named object, or a static variable
//   local 1 of T1         on a thread's stack, numbered from its outermost frame
//   &Handler              a function
//   address 1             mapped memory of which nothing else is known, numbered by first use
//   block 2 tagged 3      with 3 in the upper 16 bits, which no address uses
//
// Only eight-byte values above 2^32 are taken for pointers, and only if they lead somewhere.
// Refers to nothing after its construction.
#ifndef HEDDLE_HARNESS_REPORT_POINTERS_H_
#define HEDDLE_HARNESS_REPORT_POINTERS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/core/recording.h"
#include "harness/report/symbolizer.h"

namespace heddle {

// The values of an event that are wide enough for a pointer.
std::vector<uint64_t> PointerSizedValues(const RecordedEvent& event, const Recording& recording);

constexpr uint64_t WithoutTag(uint64_t value) { return value & ((uint64_t{1} << 48) - 1); }

class Pointers {
 public:
  Pointers() = default;
  // `objects` and `threads` are their names, by id; `declared` those that are not made up.
  Pointers(const Recording& recording, const std::vector<std::string>& threads,
           const std::vector<std::string>& objects, const std::vector<std::string>& declared,
           Symbolizer& symbolizer);

  // Empty if the value is not a pointer.
  std::string NameOf(uint64_t value) const;

  // What a report says of the blocks that the values point into: "block 2" and
  // "16 bytes, allocated by T1 at queue.cc:40". In order of their numbers.
  std::vector<FindingPointer> Legend(const std::vector<uint64_t>& values) const;

 private:
  class Builder;

  struct Block {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    std::string meaning;
  };

  const Block* BlockOf(uint64_t value, size_t* number) const;

  std::vector<Block> blocks_;
  std::map<uint64_t, std::string> names_;  // by address
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_REPORT_POINTERS_H_
