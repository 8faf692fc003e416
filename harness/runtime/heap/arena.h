// The deterministic heap: an allocator whose blocks live as long as one execution of the program
// under test.
//
// Contract. The same sequence of calls (and of answers of the reuse decision) gives the same
// addresses in every execution and in every process: the arena sits at a fixed address, takes
// blocks from slabs in order, and keeps every record outside of the blocks. Nothing that the
// program does with its blocks can damage the arena, and no misuse crashes it: faults go to the
// sink, and the call then does the harmless thing (a bad free does nothing; an allocation that
// cannot be served returns null).
//
// - A freed block is filled with kFreedByte (its first `poison_bytes` bytes) and joins its size
//   class. Whether the next allocation of that class takes it or fresh memory is asked of the reuse
//   decision; without one, memory is fresh until the address space runs out, and only then reused,
//   most recently freed first.
// - The fill is verified when the block is reused, and for the others by EndExecution.
// - New blocks are filled with kFreshByte (their first `poison_bytes` bytes). Past those, a new
//   block may show what an earlier execution left there.
// - Blocks aligned to more than a page are never reused.
// - Between executions (after EndExecution, before BeginExecution) the queries still answer, Free
//   does nothing, and allocating is not allowed.
//
// Threading: one OS thread at a time, and nothing may call the arena from within its callbacks
// (queries may). No locks, no thread_local; its own tables do not come from any malloc.
// Cost: Allocate and Free a few nanoseconds plus the fill; looking up any address constant;
// BeginExecution constant, plus one step for each size class that was used; EndExecution
// proportional to the blocks that are in freed state; no system calls until an execution needs more
// memory than any before it.
#ifndef HEDDLE_HARNESS_RUNTIME_HEAP_ARENA_H_
#define HEDDLE_HARNESS_RUNTIME_HEAP_ARENA_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/runtime/heap/heap_fault.h"
#include "harness/runtime/heap/reserved_region.h"
#include "harness/runtime/heap/size_class.h"

namespace heddle {

struct ArenaOptions {
  // Free in every usual process: far above a fixed-address executable and its break, far below
  // where the system puts libraries and stacks, and inside the 64 GiB that valgrind leaves to its
  // client. The odd middle digits make it unlikely that two adjacent 32-bit integers look like a
  // pointer into the arena.
  uintptr_t base = 0xd'5a00'0000;
  size_t reserve_bytes = size_t{1} << 30;  // of address space; at most kLargestBlock
  size_t limit_bytes = size_t{512} << 20;  // on the sizes asked for of all live blocks
  size_t poison_bytes = 256;               // of each block; rounded down to a multiple of 16
  bool fill_fresh = true;
  size_t keep_bytes =
      size_t{64} << 20;  // memory kept for the next execution; above it goes back to the system
};

class Arena {
 public:
  // Whether to reuse the most recently freed of `candidates` (at least one) blocks of the wanted
  // size. Runs as harness code, inside an allocation, and must return.
  using ReuseDecision = bool (*)(void* context, uint32_t candidates);

  // Null, with the reason in `*error`, if an option is out of range or the address space is not
  // available.
  static std::unique_ptr<Arena> Create(const ArenaOptions& options, std::string* error);

  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Both may be null. They stay until replaced.
  void set_fault_sink(HeapFaultSink* sink) { sink_ = sink; }
  void set_reuse_decision(ReuseDecision decision, void* context) {
    reuse_decision_ = decision;
    reuse_context_ = context;
  }

  // Forgets every block.
  void BeginExecution();
  // Verifies the blocks that are still in freed state. Live blocks stay, to be asked about.
  void EndExecution();

  // `alignment` is a power of two. A size of 0 gives a block of its own.
  void* Allocate(size_t size, size_t alignment, HeapSite site);
  void* AllocateZeroed(size_t size, HeapSite site);
  // As realloc, for a block of the arena and a size that is not 0. The block moves unless its size
  // class stays the same.
  void* Reallocate(void* pointer, size_t size, HeapSite site);
  void Free(void* pointer, HeapSite site);
  // Reports kSizeTooLarge: for callers whose size computation overflowed.
  void ReportSizeOverflow(HeapSite site) {
    ReportFailure(HeapFaultKind::kSizeTooLarge, SIZE_MAX, site);
  }

  // Whether the address lies in the arena's address space.
  bool Contains(const void* pointer) const { return OffsetOf(pointer) < options_.reserve_bytes; }
  // The block that the address is in, live or freed; nothing if it is in none.
  std::optional<BlockInfo> Describe(const void* pointer) const;
  // Whether the address is in a freed block.
  bool IsFreed(const void* pointer) const;
  // How many bytes the block that starts here has, slack included; 0 if no live block does.
  size_t UsableSize(const void* pointer) const;

  // Grows with every block that is allocated or freed.
  uint64_t changes() const { return changes_; }
  size_t live_blocks() const { return live_blocks_; }
  size_t live_bytes() const { return live_bytes_; }
  // The live blocks in the order of their allocation. Takes time and memory in proportion to all
  // blocks of the execution (memory of the harness, so only harness code may call it): ask
  // live_blocks() first.
  std::vector<BlockInfo> LiveBlocks() const;
  // Every BlockInfo::number of this execution is below this.
  uint32_t block_numbers() const { return record_count_; }

  const ArenaOptions& options() const { return options_; }

 private:
  static constexpr uint32_t kNone = 0xffff'ffff;  // no record, no slab
  static constexpr uint32_t kLive = 0xffff'fffe;  // in Record::next_freed
  // Blocks aligned to more than a page: they are listed as freed under this class, and never taken
  // from there.
  static constexpr uint32_t kOverAligned = kSizeClassCount;
  // Threads from this number on share an allocation count, which only makes their names less
  // telling.
  static constexpr uint32_t kMaxThreads = uint32_t{1} << 20;

  // No block is at the arena's base: the harness itself keeps that address in static storage, where
  // the search for leaks would take it for a pointer to the block.
  static constexpr uint64_t kUnusedPages = 1;

  struct Slab {
    uint64_t start;  // offset in the arena
    uint64_t block_size;
    uint32_t first_record;
    uint32_t capacity;
    uint32_t reciprocal;
    uint32_t size_class;
  };

  struct Record {
    uint64_t size;
    uintptr_t alloc_pc;
    uintptr_t free_pc;
    uint32_t start;       // in granules from the arena's start
    uint32_t next_freed;  // kLive; else the block is freed, and this is the one of its class freed
                          // before it, or kNone
    uint32_t alloc_thread;
    uint32_t alloc_index;
    uint32_t free_thread;
    uint32_t serial;
  };

  struct ClassState {
    uint64_t bump = 0;  // offset of the next fresh block of the current slab
    uint64_t end = 0;   // bump == end: the current slab is full
    uint32_t next_record = 0;
    uint32_t slab = kNone;
    uint32_t freed = kNone;
    uint32_t freed_count = 0;
  };

  explicit Arena(const ArenaOptions& options);
  bool ReserveTables(std::string* error);

  uint64_t OffsetOf(const void* pointer) const {
    return reinterpret_cast<uintptr_t>(pointer) - options_.base;
  }
  char* AddressOf(const Record& record) const {
    return memory_.base() + uint64_t{record.start} * kGranule;
  }
  size_t FillSize(uint64_t block_size) const {
    return block_size < options_.poison_bytes ? block_size : options_.poison_bytes;
  }
  const Slab& SlabOf(const Record& record) const {
    return slabs_[page_slab_[uint64_t{record.start} * kGranule / kArenaPage]];
  }

  // A block's record and its slab. The slab is meaningless if there is no record.
  struct Place {
    uint32_t number;
    uint32_t slab;
  };

  // The block that holds the address; its number is kNone if there is none.
  Place Locate(const void* pointer) const;
  uint32_t Find(const void* pointer) const;
  BlockInfo Info(uint32_t number, const void* pointer) const;
  // The live block that starts here; if there is none, reports that and returns the number kNone.
  Place LocateForRelease(const void* pointer, HeapSite site);
  void ReportBadRelease(const void* pointer, uint32_t number, HeapSite site);
  void Release(Place place, HeapSite site);

  bool NewSlab(uint32_t size_class, uint64_t block_size, uint64_t pages, uint64_t alignment);
  bool Refill(uint32_t size_class);
  bool WantsReuse(const ClassState& state);
  uint32_t TakeFreed(uint32_t size_class, HeapSite site);
  uint32_t TakeFresh(uint32_t size_class);
  uint32_t TakeOverAligned(size_t size, size_t alignment);
  void* Fail(size_t size, HeapSite site);
  void GrowThreads(uint32_t thread);
  void VerifyFreed(uint32_t number, HeapSite site);
  void ReportFailure(HeapFaultKind kind, size_t size, HeapSite site);
  void ReportAt(HeapFaultKind kind, const void* pointer, uint32_t number, HeapSite site);

  const ArenaOptions options_;
  ReservedRegion memory_;
  ReservedRegion page_table_region_;
  ReservedRegion slab_region_;
  ReservedRegion record_region_;
  ReservedRegion thread_region_;
  uint32_t* page_slab_ = nullptr;      // by page: its slab, or kNone; valid below page_count_
  Slab* slabs_ = nullptr;              // valid below slab_count_
  Record* records_ = nullptr;          // valid below record_count_, if its class has carved it
  uint32_t* thread_counts_ = nullptr;  // allocations by thread; valid below thread_count_

  HeapFaultSink* sink_ = nullptr;
  ReuseDecision reuse_decision_ = nullptr;
  void* reuse_context_ = nullptr;

  bool active_ = false;
  uint32_t slab_count_ = 0;
  uint32_t record_count_ = 0;
  uint32_t thread_count_ = 0;
  uint32_t next_serial_ = 0;
  uint64_t page_count_ = 0;  // pages given out so far; the rest is fresh
  uint64_t changes_ = 0;
  size_t live_blocks_ = 0;
  size_t live_bytes_ = 0;  // invariant: at most options_.limit_bytes
  // Classes whose state is not the initial one, a bit each. kOverAligned is reset always.
  std::array<uint64_t, kSizeClassCount / 64> used_classes_ = {};
  std::array<ClassState, kSizeClassCount + 1> classes_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_HEAP_ARENA_H_
