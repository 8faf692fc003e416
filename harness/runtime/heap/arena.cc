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

}  // namespace

std::unique_ptr<Arena> Arena::Create(const ArenaOptions& options, std::string* error) {
  if (options.base == 0 || options.base % kArenaPage != 0) {
    *error = "arena: base must be a page address and not 0";
    return nullptr;
  }
  if (options.reserve_bytes < 2 * kArenaPage || options.reserve_bytes > kLargestBlock) {
    *error = "arena: reserve_bytes must be between two pages and 64 GiB";
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
  const size_t granules = options_.reserve_bytes / kGranule;
  if (!memory_.Reserve(options_.base, options_.reserve_bytes, error) ||
      !page_table_region_.Reserve(0, pages * sizeof(uint32_t), error) ||
      !slab_region_.Reserve(0, pages * sizeof(Slab), error) ||
      !record_region_.Reserve(0, granules * sizeof(Record), error) ||
      !thread_region_.Reserve(0, kMaxThreads * sizeof(uint32_t), error)) {
    error->insert(0, "arena: ");
    return false;
  }
  // Address space only: pages of it take memory as threads show up.
  if (!thread_region_.Commit(kMaxThreads * sizeof(uint32_t)) ||
      !page_table_region_.Commit(kUnusedPages * sizeof(uint32_t))) {
    *error = "arena: no memory for its tables";
    return false;
  }
  page_slab_ = reinterpret_cast<uint32_t*>(page_table_region_.base());
  slabs_ = reinterpret_cast<Slab*>(slab_region_.base());
  records_ = reinterpret_cast<Record*>(record_region_.base());
  thread_counts_ = reinterpret_cast<uint32_t*>(thread_region_.base());
  std::fill(page_slab_, page_slab_ + kUnusedPages, kNone);
  return true;
}

void Arena::BeginExecution() {
  if (const size_t used = page_count_ * kArenaPage; used > options_.keep_bytes) {
    memory_.Discard(options_.keep_bytes, used);
  }
  if (const size_t used = record_count_ * sizeof(Record); used > options_.keep_bytes) {
    record_region_.Discard(options_.keep_bytes, used);
  }
  for (uint32_t word = 0; word < used_classes_.size(); ++word) {
    for (uint64_t bits = used_classes_[word]; bits != 0; bits &= bits - 1) {
      classes_[word * 64 + static_cast<uint32_t>(std::countr_zero(bits))] = ClassState();
    }
    used_classes_[word] = 0;
  }
  classes_[kOverAligned] = ClassState();
  slab_count_ = 0;
  record_count_ = 0;
  thread_count_ = 0;
  next_serial_ = 0;
  page_count_ = kUnusedPages;
  live_blocks_ = 0;
  live_bytes_ = 0;
  active_ = true;
}

void Arena::EndExecution() {
  active_ = false;
  const auto verify = [this](uint32_t size_class) {
    for (uint32_t n = classes_[size_class].freed; n != kNone; n = records_[n].next_freed) {
      VerifyFreed(n, HeapSite{});
    }
  };
  for (uint32_t word = 0; word < used_classes_.size(); ++word) {
    for (uint64_t bits = used_classes_[word]; bits != 0; bits &= bits - 1) {
      verify(word * 64 + static_cast<uint32_t>(std::countr_zero(bits)));
    }
  }
  verify(kOverAligned);
}

void* Arena::Allocate(size_t size, size_t alignment, HeapSite site) {
  const size_t wanted = size + (size == 0);
  if (wanted > options_.limit_bytes - live_bytes_) [[unlikely]]
    return Fail(size, site);
  uint32_t number = kNone;
  uint64_t block_size = 0;
  if (alignment > kArenaPage) [[unlikely]] {
    number = TakeOverAligned(wanted, alignment);
    if (number != kNone) block_size = SlabOf(records_[number]).block_size;
  } else {
    uint32_t size_class = SizeClassOf(wanted);
    if (alignment > kGranule) [[unlikely]] {
      // Slabs start at page boundaries, so it is enough that the block size is a multiple of the
      // alignment. It is for a size that is one: the steps between classes are powers of two, so
      // either the step is a multiple of the alignment, or the size is a multiple of the step and
      // has a class of its own.
      size_class = SizeClassOf((wanted + alignment - 1) & ~(alignment - 1));
    }
    block_size = kSizeClasses[size_class].block_size;
    const ClassState& state = classes_[size_class];
    if (state.freed != kNone && WantsReuse(state)) {
      number = TakeFreed(size_class, site);
    } else if (state.bump != state.end || Refill(size_class)) {
      number = TakeFresh(size_class);
    } else if (state.freed != kNone) {
      number = TakeFreed(size_class, site);
    }
  }
  if (number == kNone) [[unlikely]]
    return Fail(size, site);

  const uint32_t thread = std::min(site.thread, kMaxThreads - 1);
  if (thread >= thread_count_) [[unlikely]]
    GrowThreads(thread);
  Record& record = records_[number];
  record.size = size;
  record.alloc_pc = site.pc;
  record.next_freed = kLive;
  record.alloc_thread = site.thread;
  record.alloc_index = thread_counts_[thread]++;
  record.serial = next_serial_++;
  ++live_blocks_;
  ++changes_;
  live_bytes_ += size;
  char* const block = AddressOf(record);
  if (options_.fill_fresh) FillPoison(block, FillSize(block_size), kFreshByte);
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
  const bool starts_block = number != kNone && AddressOf(records_[number]) == pointer;
  ReportAt(starts_block ? HeapFaultKind::kDoubleFree : HeapFaultKind::kInvalidFree, pointer, number,
           site);
}

inline void Arena::Release(Place place, HeapSite site) {
  Record& record = records_[place.number];
  const Slab& slab = slabs_[place.slab];
  ClassState& state = classes_[slab.size_class];
  record.free_pc = site.pc;
  record.free_thread = site.thread;
  record.next_freed = state.freed;
  state.freed = place.number;
  ++state.freed_count;
  --live_blocks_;
  ++changes_;
  live_bytes_ -= record.size;
  FillPoison(AddressOf(record), FillSize(slab.block_size), kFreedByte);
}

inline Arena::Place Arena::Locate(const void* pointer) const {
  const uint64_t offset = OffsetOf(pointer);
  const uint64_t page = offset / kArenaPage;
  if (page >= page_count_) return {kNone, kNone};
  const uint32_t slab_number = page_slab_[page];
  if (slab_number == kNone) return {kNone, kNone};
  const Slab& slab = slabs_[slab_number];
  const uint32_t index = BlockIndex(offset - slab.start, slab.reciprocal);
  if (index >= slab.capacity) return {kNone, kNone};
  const uint32_t number = slab.first_record + index;
  const ClassState& state = classes_[slab.size_class];
  if (state.slab == slab_number && number >= state.next_record) return {kNone, kNone};
  return {number, slab_number};
}

uint32_t Arena::Find(const void* pointer) const { return Locate(pointer).number; }

BlockInfo Arena::Info(uint32_t number, const void* pointer) const {
  const Record& record = records_[number];
  BlockInfo info;
  info.start = AddressOf(record);
  info.size = record.size;
  info.offset = static_cast<size_t>(static_cast<const char*>(pointer) - info.start);
  info.number = number;
  info.serial = record.serial;
  info.allocation_index = record.alloc_index;
  info.allocated_by = {record.alloc_thread, record.alloc_pc};
  if (record.next_freed != kLive) {
    info.state = BlockState::kFreed;
    info.freed_by = {record.free_thread, record.free_pc};
  }
  return info;
}

std::optional<BlockInfo> Arena::Describe(const void* pointer) const {
  const uint32_t number = Find(pointer);
  if (number == kNone) return std::nullopt;
  return Info(number, pointer);
}

bool Arena::IsFreed(const void* pointer) const {
  const uint32_t number = Find(pointer);
  return number != kNone && records_[number].next_freed != kLive;
}

size_t Arena::UsableSize(const void* pointer) const {
  const uint32_t number = Find(pointer);
  if (number == kNone || records_[number].next_freed != kLive) return 0;
  if (AddressOf(records_[number]) != pointer) return 0;
  return SlabOf(records_[number]).block_size;
}

std::vector<BlockInfo> Arena::LiveBlocks() const {
  std::vector<BlockInfo> live;
  live.reserve(live_blocks_);
  for (uint32_t s = 0; s < slab_count_ && live.size() < live_blocks_; ++s) {
    const Slab& slab = slabs_[s];
    const ClassState& state = classes_[slab.size_class];
    const uint32_t end = state.slab == s ? state.next_record : slab.first_record + slab.capacity;
    for (uint32_t n = slab.first_record; n < end; ++n) {
      if (records_[n].next_freed == kLive) live.push_back(Info(n, AddressOf(records_[n])));
    }
  }
  std::sort(live.begin(), live.end(),
            [](const BlockInfo& a, const BlockInfo& b) { return a.serial < b.serial; });
  return live;
}

bool Arena::Refill(uint32_t size_class) {
  const SizeClass& shape = kSizeClasses[size_class];
  if (!NewSlab(size_class, shape.block_size, shape.slab_pages, kArenaPage)) return false;
  const Slab& slab = slabs_[slab_count_ - 1];
  ClassState& state = classes_[size_class];
  state.slab = slab_count_ - 1;
  state.bump = slab.start;
  state.end = slab.start + slab.block_size * slab.capacity;
  state.next_record = slab.first_record;
  used_classes_[size_class / 64] |= uint64_t{1} << (size_class % 64);
  return true;
}

bool Arena::NewSlab(uint32_t size_class, uint64_t block_size, uint64_t pages, uint64_t alignment) {
  const uint64_t base_page = options_.base / kArenaPage;
  const uint64_t align_pages = alignment / kArenaPage;
  const uint64_t first =
      ((base_page + page_count_ + align_pages - 1) & ~(align_pages - 1)) - base_page;
  const uint64_t page_limit = options_.reserve_bytes / kArenaPage;
  if (first > page_limit || pages > page_limit - first) return false;
  const uint32_t capacity =
      static_cast<uint32_t>(size_class == kOverAligned ? 1 : kSizeClasses[size_class].capacity);
  if (!memory_.Commit((first + pages) * kArenaPage) ||
      !page_table_region_.Commit((first + pages) * sizeof(uint32_t)) ||
      !slab_region_.Commit((slab_count_ + 1) * sizeof(Slab)) ||
      !record_region_.Commit((size_t{record_count_} + capacity) * sizeof(Record))) {
    return false;
  }
  std::fill(page_slab_ + page_count_, page_slab_ + first, kNone);
  std::fill(page_slab_ + first, page_slab_ + first + pages, slab_count_);
  Slab& slab = slabs_[slab_count_++];
  slab.start = first * kArenaPage;
  slab.block_size = block_size;
  slab.first_record = record_count_;
  slab.capacity = capacity;
  slab.reciprocal = size_class == kOverAligned ? 0 : kSizeClasses[size_class].reciprocal;
  slab.size_class = size_class;
  page_count_ = first + pages;
  record_count_ += capacity;
  return true;
}

bool Arena::WantsReuse(const ClassState& state) {
  if (reuse_decision_ == nullptr) return false;
  const HarnessScope harness;
  return reuse_decision_(reuse_context_, state.freed_count);
}

inline uint32_t Arena::TakeFresh(uint32_t size_class) {
  ClassState& state = classes_[size_class];
  const uint32_t number = state.next_record++;
  records_[number].start = static_cast<uint32_t>(state.bump / kGranule);
  state.bump += kSizeClasses[size_class].block_size;
  return number;
}

uint32_t Arena::TakeFreed(uint32_t size_class, HeapSite site) {
  ClassState& state = classes_[size_class];
  const uint32_t number = state.freed;
  VerifyFreed(number, site);
  state.freed = records_[number].next_freed;
  --state.freed_count;
  return number;
}

uint32_t Arena::TakeOverAligned(size_t size, size_t alignment) {
  const uint64_t pages = (size + kArenaPage - 1) / kArenaPage;
  if (!NewSlab(kOverAligned, pages * kArenaPage, pages, alignment)) return kNone;
  const Slab& slab = slabs_[slab_count_ - 1];
  records_[slab.first_record].start = static_cast<uint32_t>(slab.start / kGranule);
  return slab.first_record;
}

void* Arena::Fail(size_t size, HeapSite site) {
  const bool never_fits = size > options_.reserve_bytes;
  ReportFailure(never_fits ? HeapFaultKind::kSizeTooLarge : HeapFaultKind::kMemoryLimit, size,
                site);
  return nullptr;
}

void Arena::GrowThreads(uint32_t thread) {
  std::fill(thread_counts_ + thread_count_, thread_counts_ + thread + 1, 0);
  thread_count_ = thread + 1;
}

void Arena::VerifyFreed(uint32_t number, HeapSite site) {
  const Record& record = records_[number];
  const void* disturbed =
      FindDisturbed(AddressOf(record), FillSize(SlabOf(record).block_size), kFreedByte);
  if (disturbed != nullptr) [[unlikely]] {
    ReportAt(HeapFaultKind::kWriteAfterFree, disturbed, number, site);
  }
}

void Arena::ReportFailure(HeapFaultKind kind, size_t size, HeapSite site) {
  if (sink_ == nullptr) return;
  HeapFault fault;
  fault.kind = kind;
  fault.size = size;
  fault.site = site;
  const HarnessScope harness;
  sink_->OnHeapFault(fault);
}

void Arena::ReportAt(HeapFaultKind kind, const void* pointer, uint32_t number, HeapSite site) {
  if (sink_ == nullptr) return;
  HeapFault fault;
  fault.kind = kind;
  fault.address = pointer;
  fault.site = site;
  if (number != kNone) fault.block = Info(number, pointer);
  const HarnessScope harness;
  sink_->OnHeapFault(fault);
}

}  // namespace heddle
