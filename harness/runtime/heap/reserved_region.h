// A range of address space that is reserved once and made usable from its start, a step at a time.
//
// Contract: nothing moves, memory that was never committed faults when touched, and a committed
// byte reads as zero until it is written (and again after Discard). Reserving costs no memory, also
// where the system does not overcommit, because uncommitted pages are PROT_NONE.
// Threading: none; one owner.
// Cost: Commit is one comparison until the range has to grow; growing is one system call per kStep
// bytes.
#ifndef HEDDLE_HARNESS_RUNTIME_HEAP_RESERVED_REGION_H_
#define HEDDLE_HARNESS_RUNTIME_HEAP_RESERVED_REGION_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace heddle {

class ReservedRegion {
 public:
  ReservedRegion() = default;
  ~ReservedRegion();
  ReservedRegion(const ReservedRegion&) = delete;
  ReservedRegion& operator=(const ReservedRegion&) = delete;

  // Reserves `bytes` at exactly `address`, or wherever the system likes if it is 0. On failure
  // returns false and says in
  // `*error` what was wanted and why it was refused. Called once.
  bool Reserve(uintptr_t address, size_t bytes, std::string* error);

  // Makes [0, bytes) usable. False if that is beyond the reservation or the system has no memory
  // for it.
  bool Commit(size_t bytes) { return bytes <= committed_ || Grow(bytes); }

  // Gives the memory of the committed bytes in [from, to) back to the system; the range stays
  // usable and reads as zero.
  void Discard(size_t from, size_t to);

  char* base() const { return base_; }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kStep = size_t{1} << 20;

  bool Grow(size_t bytes);

  char* base_ = nullptr;
  size_t size_ = 0;
  size_t committed_ = 0;  // invariant: at most size_
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_HEAP_RESERVED_REGION_H_
