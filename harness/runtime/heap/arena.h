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
// What one thread does is independent of what others do, as far as that can be, so that a search of
// all schedules need not try every order of their allocations:
// - A thread has a home, address space of its own for blocks of up to kLargestSharedBlock bytes.
//   Which one, its place in the tree of spawns says, so that blocks have the same addresses
//   whatever others do meanwhile. When the home is full, for larger blocks, and for threads deep in
//   the tree, memory comes from the shared part, in the order in which all threads ask.
// - A freed block is offered to the thread that freed it before it is to others, as in the thread
//   caches of usual allocators. The reuse decision is told which answers no other thread can
//   change.
// - A block that is freed in the step that allocated it is never offered: no other thread can have
//   seen it, so what it left there is no matter of schedules.
// HeapUse tells the rest: uses of the shared part, and which blocks were freed or taken again,
// since two threads may free one block. Not told: that the memory limit is one for all threads.
//
// - A freed block is filled with kFreedByte (its first `poison_bytes` bytes). Whether the next
//   allocation of its size class takes it or fresh memory is asked of the reuse decision; without
//   one, memory is fresh until the address space runs out, and only then reused, own blocks first.
// - The fill is verified when the block is reused, and for the others by EndExecution.
// - New blocks are filled with kFreshByte (their first `poison_bytes` bytes). Past those, a new
//   block may show what an earlier execution left there.
// - Blocks aligned to more than kMostHomeAlignment are fresh and from the shared part, those
//   aligned to more than a page are never reused.
// - Between executions (after EndExecution, before BeginExecution) the queries still answer, Free
//   does nothing, and allocating is not allowed.
//
// Threading: one OS thread at a time, and nothing may call the arena from within its callbacks
// (queries may). No locks, no thread_local; its own tables do not come from any malloc.
// Cost: Allocate and Free a few nanoseconds plus the fill; looking up any address constant;
// BeginThread constant; BeginExecution constant, plus one step for each size class that was used in
// the last execution, in each home where it was; EndExecution proportional to the blocks that are
// in freed state; no system calls until an execution needs more memory than any before it. A thread
// that allocates touches a page of blocks and one of records that no other touches.
#ifndef HEDDLE_HARNESS_RUNTIME_HEAP_ARENA_H_
#define HEDDLE_HARNESS_RUNTIME_HEAP_ARENA_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/heap_use.h"
#include "harness/core/heap_watcher.h"
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
  size_t reserve_bytes = size_t{1} << 30;  // of address space, homes not included
  size_t limit_bytes = size_t{512} << 20;  // on the sizes asked for of all live blocks
  size_t poison_bytes = 256;               // of each block; rounded down to a multiple of 16
  bool fill_fresh = true;
  size_t keep_bytes =
      size_t{64} << 20;  // memory kept for the next execution; above it goes back to the system
};

class Arena {
 public:
  // Which memory an allocation takes: 0, fresh memory; then, if there is one, the block of its size
  // that the thread has freed last; then, if it is another thread's, the one that was freed last of
  // all. The answer is below `all`, which is 2 or 3. Of them, `own` (1 or 2) are offered whatever
  // other threads do. Runs as harness code, inside an allocation, and must return.
  using ReuseDecision = uint32_t (*)(void* context, uint32_t own, uint32_t all);

  static constexpr uint32_t kNoHome = 0xffff'ffff;
  static constexpr size_t kMostHomeAlignment = 1024;
  static constexpr size_t kMostReserve = kLargestBlock - (size_t{1} << 30);

  // The home of the `ordinal`-th child (from 1) of a thread with this home; the main thread has 0.
  // Different threads have different ones, or kNoHome.
  static constexpr uint32_t HomeOfChild(uint32_t parent, uint32_t ordinal) {
    if (parent == 0 && ordinal < kChildHomes) return ordinal;
    if (parent - 1 >= kParents || ordinal > kGrandchildren) return kNoHome;
    return kChildHomes + (parent - 1) * kGrandchildren + ordinal - 1;
  }

  // Null, with the reason in `*error`, if an option is out of range or the address space is not
  // available.
  static std::unique_ptr<Arena> Create(const ArenaOptions& options, std::string* error);

  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // All may be null. They stay until replaced.
  void set_fault_sink(HeapFaultSink* sink) { sink_ = sink; }
  void set_watcher(HeapWatcher* watcher) { watcher_ = watcher; }
  void set_reuse_decision(ReuseDecision decision, void* context) {
    reuse_decision_ = decision;
    reuse_context_ = context;
  }

  // Where to note what steps do; null: nowhere.
  void set_use(HeapUse* use) { use_ = use; }
  // Counts the steps of the program: tells the arena which calls are of one step. Null: none are.
  void set_step_counter(const uint64_t* steps) { steps_ = steps; }

  // Forgets every block and thread.
  void BeginExecution();
  // A new thread and its home, before it allocates; one that is not told has none.
  void BeginThread(uint32_t thread, uint32_t home) {
    static_assert(kNoHome + 1 == kShared);
    if (thread >= kMaxThreads - 1) return;
    if (thread == thread_count_) [[likely]] {
      threads_[thread] = {0, home + 1};
      ++thread_count_;
    } else {
      ThreadOf(thread).owner = home + 1;
    }
  }
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
  bool Contains(const void* pointer) const { return OffsetOf(pointer) < address_space(); }
  // The block that the address is in, live or freed; nothing if it is in none.
  std::optional<BlockInfo> Describe(const void* pointer) const;
  // Whether the address is in a freed block.
  bool IsFreed(const void* pointer) const;
  // How many bytes the block that starts here has, slack included; 0 if no live block does.
  size_t UsableSize(const void* pointer) const;

  size_t live_blocks() const { return live_blocks_; }
  size_t live_bytes() const { return live_bytes_; }
  // The live blocks in the order of their allocation. Takes time and memory in proportion to all
  // blocks of the execution (memory of the harness, so only harness code may call it): ask
  // live_blocks() first.
  std::vector<BlockInfo> LiveBlocks() const;
  // Every BlockInfo::number of this execution is below this.
  uint32_t block_numbers() const { return record_count_; }

  const ArenaOptions& options() const { return options_; }
  // From options().base on.
  size_t address_space() const { return options_.reserve_bytes + kHomesBytes; }

 private:
  static constexpr uint32_t kNone = 0;  // no record, no slab: what untouched memory says
  static constexpr uint32_t kLive = 0xffff'fffe;  // in Record::next_freed
  // Blocks aligned to more than a page are listed under this class, and never taken from there.
  static constexpr uint32_t kOverAligned = kSizeClassCount;
  static constexpr uint32_t kClasses = kSizeClassCount + 1;
  // Threads from this number on share an allocation count, which only makes their names less
  // telling, and have no home.
  static constexpr uint32_t kMaxThreads = uint32_t{1} << 20;

  // No block is at the arena's base: the harness itself keeps that address in static storage, where
  // the search for leaks would take it for a pointer to the block.
  static constexpr uint64_t kUnusedPages = 1;

  // Homes of the main thread and its children, and of the first children of the first of these.
  static constexpr uint32_t kChildHomes = 1024;
  static constexpr uint32_t kParents = 16;
  static constexpr uint32_t kGrandchildren = 16;
  static constexpr uint32_t kHomes = kChildHomes + kParents * kGrandchildren;
  // A home is divided into chunks, of which slabs are made: smaller than pages, since most threads
  // have few blocks of many sizes.
  static constexpr uint64_t kChunk = kMostHomeAlignment;
  static constexpr uint32_t kHomeChunks = 257;  // odd: not all homes begin in one set of a cache
  static constexpr uint64_t kHomeBytes = kChunk * kHomeChunks;
  static constexpr uint64_t kHomesBytes = kHomes * kHomeBytes;

  // Who takes from bins: a home, as 1 + its number, or all threads that have none.
  static constexpr uint32_t kShared = 0;

  struct Slab {
    uint64_t start;  // offset in the arena
    uint64_t block_size;
    uint32_t first_record;
    uint32_t capacity;
    uint32_t reciprocal;
    uint32_t size_class;
    uint32_t bin;  // that takes fresh blocks from it
  };

  // As large as a cache line.
  struct Record {
    uint64_t size;
    uintptr_t alloc_pc;
    uintptr_t free_pc;
    uint32_t start;       // in granules from the arena's start
    uint32_t next_freed;  // kLive; else the block is freed, and this is the one of its list freed
                          // before it, or kNone
    uint32_t newer;       // while it is offered: the neighbours in FreedBlocks::offered
    uint32_t older;
    uint32_t alloc_thread;
    uint32_t alloc_index;
    uint32_t alloc_step;
    uint32_t free_thread;
    uint32_t serial;
  };

  // What an owner has of a size class. All zero: nothing.
  struct Bin {
    uint64_t bump;  // offset of the next fresh block of the current slab
    uint64_t end;   // bump == end: the current slab is full
    uint32_t next_record;
    uint32_t slab;
    uint32_t freed;  // by its threads, latest first
  };

  // Of a size class, whoever freed them. Latest first.
  struct FreedBlocks {
    uint32_t offered = kNone;
    uint32_t aside = kNone;  // linked by next_freed
  };

  using ClassSet = std::array<uint64_t, kSizeClassCount / 64>;
  static_assert(kSizeClassCount == 128);

  // All zero: nobody has used it in this execution.
  struct Home {
    ClassSet used;       // classes whose bin is not the initial one
    uint32_t chunks;     // given out so far
    uint32_t next_used;  // the list of homes whose `used` is not empty
  };

  struct Thread {
    uint32_t allocations;
    uint32_t owner;
  };

  explicit Arena(const ArenaOptions& options);
  bool ReserveTables(std::string* error);

  uint64_t OffsetOf(const void* pointer) const {
    return reinterpret_cast<uintptr_t>(pointer) - options_.base;
  }
  char* AddressOf(const Record& record) const {
    return reinterpret_cast<char*>(options_.base + uint64_t{record.start} * kGranule);
  }
  size_t FillSize(uint64_t block_size) const {
    return block_size < options_.poison_bytes ? block_size : options_.poison_bytes;
  }
  uint32_t& SlabAt(uint64_t offset) const {
    return offset < options_.reserve_bytes
               ? page_slab_[offset / kArenaPage]
               : chunk_slab_[(offset - options_.reserve_bytes) / kChunk];
  }
  const Slab& SlabOf(const Record& record) const {
    return slabs_[SlabAt(uint64_t{record.start} * kGranule)];
  }
  // By class first: where many threads have blocks, they are of few classes.
  static uint32_t BinNumber(uint32_t owner, uint32_t size_class) {
    return size_class * (kHomes + 1) + owner;
  }
  Bin& BinOf(uint32_t owner, uint32_t size_class) const {
    return bins_[BinNumber(owner, size_class)];
  }
  static void Insert(uint32_t size_class, ClassSet* set) {
    (*set)[size_class / 64] |= uint64_t{1} << (size_class % 64);
  }

  Thread& ThreadOf(uint32_t number) {
    const uint32_t thread = std::min(number, kMaxThreads - 1);
    if (thread >= thread_count_) [[unlikely]] GrowThreads(thread);
    return threads_[thread];
  }
  void GrowThreads(uint32_t thread);
  // A bin of the home is about to be used.
  void UseHome(uint32_t home, uint32_t size_class) {
    ClassSet& used = homes_[home].used;
    if ((used[0] | used[1]) == 0) {
      homes_[home].next_used = used_homes_;
      used_homes_ = home;
    }
    Insert(size_class, &used);
  }
  void ClearHomes();

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
  // Allocated since its thread's last scheduling point, so that no other thread can know it.
  bool IsOfThisStep(const Record& record) const {
    return steps_ != nullptr && record.alloc_step == static_cast<uint32_t>(*steps_);
  }
  void NoteUse(const Record& record) {
    if (use_ != nullptr) use_->Note(reinterpret_cast<uintptr_t>(AddressOf(record)));
  }
  void NoteSharedUse() {
    if (use_ != nullptr) use_->shared = true;
  }

  // arena_slabs.cc
  bool RefillFromHome(uint32_t owner, uint32_t size_class);
  bool RefillFromPages(uint32_t size_class);
  bool NewSlabOfPages(uint32_t size_class, uint64_t block_size, uint64_t pages,
                      uint64_t alignment);
  bool AddSlab(const Slab& slab);
  void TakeFromLastSlab(Bin* bin);
  // The next of the bin's slab, which is not full.
  uint32_t TakeNext(Bin& bin, uint32_t size_class);
  // kNone: there is no memory left.
  uint32_t TakeFresh(uint32_t owner, uint32_t size_class);
  uint32_t TakeFromPages(uint32_t size_class);
  uint32_t TakeOverAligned(size_t size, size_t alignment);

  // arena_freed.cc
  void Offer(uint32_t number, uint32_t owner, uint32_t size_class);
  void SetAside(uint32_t number, uint32_t size_class);
  // kNone: fresh memory is wanted.
  uint32_t TakeWanted(uint32_t owner, uint32_t size_class, HeapSite site);
  // kNone: there is none.
  uint32_t TakeAnyFreed(uint32_t owner, uint32_t size_class, HeapSite site);
  // The owner's latest of that class, of which there is at least one.
  uint32_t TakeOffered(uint32_t owner, uint32_t size_class, HeapSite site);
  void VerifyFreed(uint32_t number, HeapSite site);
  void VerifyAllFreed(uint32_t size_class);

  void TellWatcher(void (HeapWatcher::*what)(uint32_t), uint32_t serial);
  void* Fail(size_t size, HeapSite site);
  void ReportFailure(HeapFaultKind kind, size_t size, HeapSite site);
  void ReportAt(HeapFaultKind kind, const void* pointer, uint32_t number, HeapSite site);

  const ArenaOptions options_;
  ReservedRegion memory_;
  ReservedRegion home_memory_;  // adjoins memory_
  ReservedRegion page_table_region_;
  ReservedRegion chunk_table_region_;
  ReservedRegion slab_region_;
  ReservedRegion record_region_;
  ReservedRegion thread_region_;
  ReservedRegion home_region_;
  ReservedRegion bin_region_;
  uint32_t* page_slab_ = nullptr;   // by page: its slab, or kNone; valid below page_count_
  uint32_t* chunk_slab_ = nullptr;  // by chunk: its slab; valid below Home::chunks
  Slab* slabs_ = nullptr;           // valid from 1, below slab_count_
  Record* records_ = nullptr;       // valid from 1, below record_count_, if its bin has carved it
  Thread* threads_ = nullptr;       // valid below thread_count_
  Home* homes_ = nullptr;
  Bin* bins_ = nullptr;  // by BinNumber

  HeapFaultSink* sink_ = nullptr;
  HeapWatcher* watcher_ = nullptr;
  ReuseDecision reuse_decision_ = nullptr;
  void* reuse_context_ = nullptr;
  HeapUse* use_ = nullptr;
  const uint64_t* steps_ = nullptr;

  bool active_ = false;
  uint32_t slab_count_ = 1;
  uint32_t record_count_ = 1;
  uint32_t thread_count_ = 0;
  uint32_t next_serial_ = 0;
  uint64_t page_count_ = 0;        // pages given out so far; the rest is fresh
  uint64_t home_chunk_count_ = 0;  // chunks given out in all homes
  uint32_t home_end_ = 0;          // homes from this on have given out none
  uint32_t used_homes_ = kNoHome;  // the first of the list
  size_t live_blocks_ = 0;
  size_t live_bytes_ = 0;  // invariant: at most options_.limit_bytes
  // Classes whose shared bin or freed blocks are not the initial ones. kOverAligned is reset
  // always.
  ClassSet used_classes_ = {};
  std::array<FreedBlocks, kClasses> freed_;
};

inline Arena::Place Arena::Locate(const void* pointer) const {
  const uint64_t offset = OffsetOf(pointer);
  if (offset < options_.reserve_bytes) {
    if (offset / kArenaPage >= page_count_) return {kNone, kNone};
  } else {
    if (offset >= address_space()) return {kNone, kNone};
    const uint64_t chunk = (offset - options_.reserve_bytes) / kChunk;
    if (chunk % kHomeChunks >= homes_[chunk / kHomeChunks].chunks) return {kNone, kNone};
  }
  const uint32_t slab_number = SlabAt(offset);
  if (slab_number == kNone) return {kNone, kNone};
  const Slab& slab = slabs_[slab_number];
  const uint32_t index = BlockIndex(offset - slab.start, slab.reciprocal);
  if (index >= slab.capacity) return {kNone, kNone};
  const uint32_t number = slab.first_record + index;
  const Bin& bin = bins_[slab.bin];
  if (bin.slab == slab_number && number >= bin.next_record) return {kNone, kNone};
  return {number, slab_number};
}

}  // namespace heddle

#endif  // HEDDLE_HARNESS_RUNTIME_HEAP_ARENA_H_
