// Where fresh blocks come from: see arena.h.
#include <algorithm>

#include "harness/runtime/heap/arena.h"

namespace heddle {
namespace {

// Of a slab in a home: few blocks, but at least a chunk.
constexpr uint64_t BytesInHome(uint64_t block_size) {
  return std::max(block_size, std::clamp(4 * block_size, uint64_t{1} << 10, uint64_t{8} << 10));
}

}  // namespace

uint32_t Arena::TakeNext(Bin& bin, uint32_t size_class) {
  const uint32_t number = bin.next_record++;
  records_[number].start = static_cast<uint32_t>(bin.bump / kGranule);
  bin.bump += kSizeClasses[size_class].block_size;
  return number;
}

uint32_t Arena::TakeFresh(uint32_t owner, uint32_t size_class) {
  if (owner == kShared) return TakeFromPages(size_class);
  Bin& bin = BinOf(owner, size_class);
  if (bin.bump != bin.end || RefillFromHome(owner, size_class)) [[likely]]
    return TakeNext(bin, size_class);
  return TakeFromPages(size_class);
}

uint32_t Arena::TakeFromPages(uint32_t size_class) {
  NoteSharedUse();
  Bin& bin = BinOf(kShared, size_class);
  if (bin.bump == bin.end && !RefillFromPages(size_class)) return kNone;
  return TakeNext(bin, size_class);
}

uint32_t Arena::TakeOverAligned(size_t size, size_t alignment) {
  NoteSharedUse();
  const uint64_t pages = (size + kArenaPage - 1) / kArenaPage;
  if (!NewSlabOfPages(kOverAligned, pages * kArenaPage, pages, alignment)) return kNone;
  const Slab& slab = slabs_[slab_count_ - 1];
  records_[slab.first_record].start = static_cast<uint32_t>(slab.start / kGranule);
  return slab.first_record;
}

bool Arena::RefillFromHome(uint32_t owner, uint32_t size_class) {
  const SizeClass& shape = kSizeClasses[size_class];
  if (shape.block_size > kLargestSharedBlock) return false;
  const uint32_t number = owner - 1;
  Home& home = homes_[number];
  const uint64_t bytes = BytesInHome(shape.block_size);
  const auto chunks = static_cast<uint32_t>((bytes + kChunk - 1) / kChunk);
  if (chunks > kHomeChunks - home.chunks) return false;
  const uint64_t first = uint64_t{number} * kHomeChunks + home.chunks;
  if (!home_memory_.Commit((first + chunks) * kChunk) ||
      !AddSlab({.start = options_.reserve_bytes + first * kChunk,
                .block_size = shape.block_size,
                .first_record = record_count_,
                .capacity = static_cast<uint32_t>(chunks * kChunk / shape.block_size),
                .reciprocal = shape.reciprocal,
                .size_class = size_class,
                .bin = BinNumber(owner, size_class)})) {
    return false;
  }
  std::fill_n(chunk_slab_ + first, chunks, slab_count_ - 1);
  home.chunks += chunks;
  home_chunk_count_ += chunks;
  home_end_ = std::max(home_end_, number + 1);
  UseHome(number, size_class);
  TakeFromLastSlab(&BinOf(owner, size_class));
  return true;
}

bool Arena::RefillFromPages(uint32_t size_class) {
  const SizeClass& shape = kSizeClasses[size_class];
  if (!NewSlabOfPages(size_class, shape.block_size, shape.slab_pages, kArenaPage)) return false;
  Insert(size_class, &used_classes_);
  TakeFromLastSlab(&BinOf(kShared, size_class));
  return true;
}

bool Arena::NewSlabOfPages(uint32_t size_class, uint64_t block_size, uint64_t pages,
                           uint64_t alignment) {
  const uint64_t base_page = options_.base / kArenaPage;
  const uint64_t align_pages = alignment / kArenaPage;
  const uint64_t first =
      ((base_page + page_count_ + align_pages - 1) & ~(align_pages - 1)) - base_page;
  const uint64_t page_limit = options_.reserve_bytes / kArenaPage;
  if (first > page_limit || pages > page_limit - first) return false;
  const bool over_aligned = size_class == kOverAligned;
  if (!memory_.Commit((first + pages) * kArenaPage) ||
      !page_table_region_.Commit((first + pages) * sizeof(uint32_t)) ||
      !AddSlab({.start = first * kArenaPage,
                .block_size = block_size,
                .first_record = record_count_,
                .capacity = over_aligned ? 1 : kSizeClasses[size_class].capacity,
                .reciprocal = over_aligned ? 0 : kSizeClasses[size_class].reciprocal,
                .size_class = size_class,
                .bin = BinNumber(kShared, size_class)})) {
    return false;
  }
  std::fill(page_slab_ + page_count_, page_slab_ + first, kNone);
  std::fill_n(page_slab_ + first, pages, slab_count_ - 1);
  page_count_ = first + pages;
  return true;
}

bool Arena::AddSlab(const Slab& slab) {
  if (!slab_region_.Commit((slab_count_ + 1) * sizeof(Slab)) ||
      !record_region_.Commit((size_t{record_count_} + slab.capacity) * sizeof(Record))) {
    return false;
  }
  slabs_[slab_count_++] = slab;
  record_count_ += slab.capacity;
  return true;
}

void Arena::TakeFromLastSlab(Bin* bin) {
  const Slab& slab = slabs_[slab_count_ - 1];
  bin->slab = slab_count_ - 1;
  bin->bump = slab.start;
  bin->end = slab.start + slab.block_size * slab.capacity;
  bin->next_record = slab.first_record;
}

}  // namespace heddle
