// Schedules that a search is to explore later, in their order and in few bytes.
//
// A root is the decisions that a schedule begins with. Those of one execution's alternatives are
// beginnings of one path, so each is told by how much it has in common with the one before it, and
// by what is new (front coding): 8 to 11 bytes for each in cases of the catalogue. What begins at
// one path, and is put off to one price, is a group. The first of a group is told in full, so that
// lists are put together without being read, and the size of a group does not depend on what is
// before it.
//
// Threading: one. Cost: in proportion to the decisions that are new.
#ifndef HEDDLE_HARNESS_STRATEGY_ROOT_LIST_H_
#define HEDDLE_HARNESS_STRATEGY_ROOT_LIST_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/core/bytes.h"
#include "harness/schedule/decision.h"

namespace heddle {

class RootList {
 public:
  struct Root {
    std::vector<Decision> decisions;
    // Where the last decision is a value: it and all that are larger, but less than this, are
    // meant, each a root of its own.
    uint32_t values_end = 0;
  };

  // The first `length` decisions of `path`, then `last`. `group`: not 0, and another one than
  // before where the path is another.
  void Add(uint64_t group, std::span<const Decision> path, size_t length, Decision last,
           uint32_t values_end);
  // The first one, which is no longer in the list; valid until the next call. Null: it is empty.
  const Root* Take();
  // The first `count`, or all there are, as a list of their own.
  RootList TakeMany(uint64_t count);
  void Append(RootList behind);
  // Keeps the groups at the beginning that have no more than so many bytes together.
  void CutTo(size_t bytes);

  bool empty() const { return size_ == 0; }
  uint64_t size() const { return size_; }
  size_t bytes() const { return bytes_; }

  // Put: of a list that has not been taken from since it was put together.
  void Put(ByteWriter* writer) const;
  // Into a new list. False: the bytes are damaged. (Who sends them has a checksum.)
  bool Get(ByteReader* reader);
  // Makes one that has been taken from like one that has not.
  void Settle();

 private:
  // Of a group, before its roots.
  struct Header {
    uint32_t bytes = 0;  // of its roots
    uint32_t roots = 0;
  };

  static Header HeaderAt(const std::string& chunk, size_t position);
  void Read();  // the next root, into root_
  void PopFront();

  std::vector<std::string> chunks_;  // whole groups
  size_t first_ = 0;                 // chunks before it have been taken
  uint64_t size_ = 0;
  size_t bytes_ = 0;

  // What is added last.
  uint64_t group_ = 0;
  size_t header_ = 0;  // of the group, in the last chunk
  size_t length_ = 0;  // of what the last one has of the path
  // What is taken first.
  size_t position_ = 0;  // in the first chunk
  uint32_t left_ = 0;    // roots of the group that has been begun
  size_t end_ = 0;       // of that group
  Root root_;            // taken last
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_ROOT_LIST_H_
