#include "harness/runtime/heap/arena.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "harness/runtime/heap/poison.h"
#include "harness/runtime/heap/program_context.h"

namespace heddle {
namespace {

ArenaOptions Normalised(ArenaOptions options) {
  options.reserve_bytes &= ~(kArenaPage - 1);
  options.poison_bytes &= ~(kGranule - 1);
  return options;
}

// Calls visit(size_class) for each member of a set of classes.
template <typename ClassSet, typename Visit>
void ForEach(const ClassSet& set, Visit visit) {
  for (uint32_t word = 0; word < set.size(); ++word) {
    for (uint64_t bits = set[word]; bits != 0; bits &= bits - 1) {
      visit(word * 64 + static_cast<uint32_t>(std::countr_zero(bits)));
    }
  }
}

}  // namespace

std::unique_ptr<Arena> Arena::Create(const ArenaOptions& options, std::string* error) {
  if (options.base == 0 || options.base % kArenaPage != 0) {
    *error = "arena: base must be a page address and not 0";
    return nullptr;
  }
  if (options.reserve_bytes < 2 * kArenaPage || options.reserve_bytes > kMostReserve) {
    *error = "arena: reserve_bytes must be between two pages and 63 GiB";
    return nullptr;
  }
  if (options.limit_bytes > options.reserve_bytes) {
    *error = "arena: limit_bytes must not exceed reserve_bytes";
    return nullptr;
  }
  std::unique_ptr<Arena> arena(new Arena(Normalised(options)));
  if (!arena->ReserveTables(error)) return nullptr;
  return arena;
}

Arena::Arena(const ArenaOptions& options) : options_(options) {}

bool Arena::ReserveTables(std::string* error) {
  const size_t pages = options_.reserve_bytes / kArenaPage;
  const size_t chunks = size_t{kHomes} * kHomeChunks;
  // Address space only: pages of it take memory as threads show up.
  const auto reserve = [error](ReservedRegion* region, auto** table, size_t entries) {
    const size_t bytes = entries * sizeof(**table);
    if (!region->Reserve(0, bytes, error)) return false;
    *table = reinterpret_cast<std::remove_reference_t<decltype(*table)>>(region->base());
    return true;
  };
  if (!memory_.Reserve(options_.base, options_.reserve_bytes, error) ||
      !home_memory_.Reserve(options_.base + options_.reserve_bytes, kHomesBytes, error) ||
      !reserve(&page_table_region_, &page_slab_, pages) ||
      !reserve(&chunk_table_region_, &chunk_slab_, chunks) ||
      !reserve(&slab_region_, &slabs_, pages + chunks + 1) ||
      !reserve(&record_region_, &records_, address_space() / kGranule + 1) ||
      !reserve(&thread_region_, &threads_, kMaxThreads) ||
      !reserve(&home_region_, &homes_, kHomes) ||
      !reserve(&bin_region_, &bins_, size_t{kHomes + 1} * kClasses)) {
    error->insert(0, "arena: ");
    return false;
  }
  if (!thread_region_.Commit(thread_region_.size()) || !home_region_.Commit(home_region_.size()) ||
      !bin_region_.Commit(bin_region_.size()) ||
      !chunk_table_region_.Commit(chunk_table_region_.size()) ||
      !page_table_region_.Commit(kUnusedPages * sizeof(uint32_t))) {
    *error = "arena: no memory for its tables";
    return false;
  }
  return true;
}

void Arena::BeginExecution() {
  if (const size_t used = page_count_ * kArenaPage; used > options_.keep_bytes) {
    memory_.Discard(options_.keep_bytes, used);
  }
  if (home_chunk_count_ * kChunk > options_.keep_bytes) {
    home_memory_.Discard(0, home_end_ * kHomeBytes);
  }
  if (const size_t used = record_count_ * sizeof(Record); used > options_.keep_bytes) {
    record_region_.Discard(options_.keep_bytes, used);
  }
  ForEach(used_classes_, [this](uint32_t size_class) {
    BinOf(kShared, size_class) = Bin();
    freed_[size_class] = FreedBlocks();
  });
  used_classes_ = {};
  freed_[kOverAligned] = FreedBlocks();
  ClearHomes();
  slab_count_ = 1;
  record_count_ = 1;
  thread_count_ = 0;
  next_serial_ = 0;
  page_count_ = kUnusedPages;
  home_chunk_count_ = 0;
  home_end_ = 0;
  live_blocks_ = 0;
  live_bytes_ = 0;
  active_ = true;
}

void Arena::ClearHomes() {
  while (used_homes_ != kNoHome) {
    Home& home = homes_[used_homes_];
    ForEach(home.used, [this](uint32_t size_class) { BinOf(used_homes_ + 1, size_class) = Bin(); });
    used_homes_ = home.next_used;
    home = Home();
  }
}

void Arena::GrowThreads(uint32_t thread) {
  std::fill(threads_ + thread_count_, threads_ + thread + 1, Thread{0, kShared});
  thread_count_ = thread + 1;
}

void Arena::EndExecution() {
  active_ = false;
  ForEach(used_classes_, [this](uint32_t size_class) { VerifyAllFreed(size_class); });
  VerifyAllFreed(kOverAligned);
}

void* Arena::Allocate(size_t size, size_t alignment, HeapSite site) {
  const size_t wanted = size + (size == 0);
  if (wanted > options_.limit_bytes - live_bytes_) [[unlikely]]
    return Fail(size, site);
  Thread& thread = ThreadOf(site.thread);
  uint32_t number = kNone;
  uint64_t block_size = 0;
  if (alignment > kArenaPage) [[unlikely]] {
    number = TakeOverAligned(wanted, alignment);
    if (number != kNone) block_size = SlabOf(records_[number]).block_size;
  } else {
    uint32_t size_class = SizeClassOf(wanted);
    if (alignment > kGranule) [[unlikely]] {
      // Slabs start at boundaries of pages, those of homes of kMostHomeAlignment, so it is enough
      // that the block size is a multiple of the alignment. It is for a size that is one: the steps
      // between classes are powers of two, so either the step is a multiple of the alignment, or
      // the size is a multiple of the step and has a class of its own.
      size_class = SizeClassOf((wanted + alignment - 1) & ~(alignment - 1));
    }
    block_size = kSizeClasses[size_class].block_size;
    if (alignment > kMostHomeAlignment) [[unlikely]] {
      number = TakeFromPages(size_class);
    } else {
      if (freed_[size_class].offered != kNone) number = TakeWanted(thread.owner, size_class, site);
      if (number == kNone) number = TakeFresh(thread.owner, size_class);
      if (number == kNone) [[unlikely]] number = TakeAnyFreed(thread.owner, size_class, site);
    }
  }
  if (number == kNone) [[unlikely]]
    return Fail(size, site);

  Record& record = records_[number];
  record.size = size;
  record.alloc_pc = site.pc;
  record.next_freed = kLive;
  record.alloc_thread = site.thread;
  record.alloc_index = thread.allocations++;
  if (steps_ != nullptr) record.alloc_step = static_cast<uint32_t>(*steps_);
  record.serial = next_serial_++;
  ++live_blocks_;
  live_bytes_ += size;
  char* const block = AddressOf(record);
  if (options_.fill_fresh) FillPoison(block, FillSize(block_size), kFreshByte);
  if (watcher_ != nullptr) [[unlikely]] TellWatcher(&HeapWatcher::OnAllocated, record.serial);
  return block;
}

void* Arena::AllocateZeroed(size_t size, HeapSite site) {
  void* const block = Allocate(size, kGranule, site);
  if (block != nullptr) std::memset(block, 0, size);
  return block;
}

void* Arena::Reallocate(void* pointer, size_t size, HeapSite site) {
  const Place place = LocateForRelease(pointer, site);
  // After a misuse there is nothing to carry over, but the program is owed a block.
  if (place.number == kNone) return active_ ? Allocate(size, kGranule, site) : nullptr;
  Record& record = records_[place.number];
  const size_t old_size = record.size;
  if (size <= options_.limit_bytes && size - old_size + live_bytes_ <= options_.limit_bytes &&
      slabs_[place.slab].size_class == SizeClassOf(size)) {
    live_bytes_ += size - old_size;
    record.size = size;
    if (!IsOfThisStep(record)) NoteUse(record);
    return pointer;
  }
  void* const moved = Allocate(size, kGranule, site);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, pointer, std::min(old_size, size));
  Release(place, site);
  return moved;
}

void Arena::Free(void* pointer, HeapSite site) {
  const Place place = LocateForRelease(pointer, site);
  if (place.number != kNone) [[likely]]
    Release(place, site);
}

inline Arena::Place Arena::LocateForRelease(const void* pointer, HeapSite site) {
  // What static objects still held when the process exits, or another execution's blocks: nothing
  // to release.
  if (!active_) [[unlikely]]
    return {kNone, kNone};
  const Place place = Locate(pointer);
  if (place.number == kNone || AddressOf(records_[place.number]) != pointer ||
      records_[place.number].next_freed != kLive) [[unlikely]] {
    ReportBadRelease(pointer, place.number, site);
    return {kNone, kNone};
  }
  return place;
}

void Arena::ReportBadRelease(const void* pointer, uint32_t number, HeapSite site) {
  if (number != kNone) NoteUse(records_[number]);
  const bool starts_block = number != kNone && AddressOf(records_[number]) == pointer;
  ReportAt(starts_block ? HeapFaultKind::kDoubleFree : HeapFaultKind::kInvalidFree, pointer, number,
           site);
}

inline void Arena::Release(Place place, HeapSite site) {
  Record& record = records_[place.number];
  const Slab& slab = slabs_[place.slab];
  record.free_pc = site.pc;
  record.free_thread = site.thread;
  if (watcher_ != nullptr) [[unlikely]] TellWatcher(&HeapWatcher::OnFreed, record.serial);
  --live_blocks_;
  live_bytes_ -= record.size;
  FillPoison(AddressOf(record), FillSize(slab.block_size), kFreedByte);
  if (IsOfThisStep(record)) return SetAside(place.number, slab.size_class);
  NoteUse(record);
  if (slab.size_class == kOverAligned) [[unlikely]]
    return SetAside(place.number, slab.size_class);
  Offer(place.number, ThreadOf(site.thread).owner, slab.size_class);
}

void Arena::TellWatcher(void (HeapWatcher::*what)(uint32_t), uint32_t serial) {
  HarnessScope scope;
  (watcher_->*what)(serial);
}

void* Arena::Fail(size_t size, HeapSite site) {
  const bool never_fits = size > options_.reserve_bytes;
  ReportFailure(never_fits ? HeapFaultKind::kSizeTooLarge : HeapFaultKind::kMemoryLimit, size,
                site);
  return nullptr;
}

}  // namespace heddle
