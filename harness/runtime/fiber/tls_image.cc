#include "harness/runtime/fiber/tls_image.h"

#include <errno.h>
#include <link.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/runtime/fiber/context_x86_64.h"
#include "harness/runtime/fiber/sanitizer_tls.h"

namespace heddle {
namespace {

// Libraries whose thread-local state belongs to the operating system's thread: it points to memory
// and registrations that last until that thread ends.
bool KeepsItsState(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (std::string_view prefix :
       {"libc.so", "libc-", "ld-linux", "ld-", "libasan", "libtsan", "libubsan", "liblsan",
        "libmsan", "libhwasan", "libclang_rt", "libjemalloc", "libtcmalloc", "libmimalloc"}) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

const ElfW(Phdr) * TlsSegment(const dl_phdr_info& module) {
  for (int i = 0; i < module.dlpi_phnum; ++i) {
    if (module.dlpi_phdr[i].p_type == PT_TLS) return &module.dlpi_phdr[i];
  }
  return nullptr;
}

template <class Visit>
void ForEachModule(Visit visit) {
  dl_iterate_phdr(
      [](dl_phdr_info* module, size_t, void* visitor) {
        (*static_cast<Visit*>(visitor))(*module);
        return 0;
      },
      &visit);
}

// Some bytes at any address, of any type. Accesses are volatile so that the compiler does not make
// calls of memcpy or memset of them.
template <typename T>
struct __attribute__((packed, may_alias)) Unaligned {
  T bits;
};
using Vector = uint64_t __attribute__((vector_size(16)));

// Copies `size` bytes by moves of one width, the last of which may overlap the one before it.
template <typename T>
void CopyByMoves(uintptr_t to, uintptr_t from, size_t size) {
  const auto move = [&](size_t i) {
    reinterpret_cast<volatile Unaligned<T>*>(to + i)->bits =
        reinterpret_cast<const Unaligned<T>*>(from + i)->bits;
  };
  for (size_t i = 0; i + sizeof(T) < size; i += sizeof(T)) move(i);
  move(size - sizeof(T));
}

template <typename T>
void ZeroByMoves(uintptr_t to, size_t size) {
  const auto zero = [&](size_t i) { reinterpret_cast<volatile Unaligned<T>*>(to + i)->bits = T{}; };
  for (size_t i = 0; i + sizeof(T) < size; i += sizeof(T)) zero(i);
  zero(size - sizeof(T));
}

// size > 0.
void CopyBytes(uintptr_t to, uintptr_t from, size_t size) {
  if (size >= sizeof(Vector)) {
    CopyByMoves<Vector>(to, from, size);
  } else if (size >= sizeof(uint64_t)) {
    CopyByMoves<uint64_t>(to, from, size);
  } else if (size >= sizeof(uint32_t)) {
    CopyByMoves<uint32_t>(to, from, size);
  } else {
    CopyByMoves<uint8_t>(to, from, size);
  }
}

void ZeroBytes(uintptr_t to, size_t size) {
  if (size >= sizeof(Vector)) {
    ZeroByMoves<Vector>(to, size);
  } else if (size >= sizeof(uint32_t)) {
    ZeroByMoves<uint32_t>(to, size);
  } else {
    ZeroByMoves<uint8_t>(to, size);
  }
}

}  // namespace

const TlsImage& TlsImage::OfProgram(uintptr_t stack_begin) {
  static const TlsImage image(stack_begin);
  return image;
}

size_t TlsImage::StaticTlsSizeBound() {
  // The C library's thread descriptor, and the space it keeps for modules that are loaded later.
  size_t bound = 16 << 10;
  ForEachModule([&](const dl_phdr_info& module) {
    const ElfW(Phdr)* segment = TlsSegment(module);
    if (segment != nullptr) bound += segment->p_memsz + segment->p_align;
  });
  return bound;
}

TlsImage::TlsImage(uintptr_t stack_begin) {
  const uintptr_t fs_base = internal::ReadFsBase();
  errno_offset_ = static_cast<intptr_t>(reinterpret_cast<uintptr_t>(&errno) - fs_base);

  intptr_t executable_offset = 0;
  bool first = true;
  ForEachModule([&](const dl_phdr_info& module) {
    const bool is_executable = std::exchange(first, false);
    const ElfW(Phdr)* segment = TlsSegment(module);
    const auto data = reinterpret_cast<uintptr_t>(module.dlpi_tls_data);
    // A module whose TLS is allocated dynamically has none yet, or has it outside of the stack.
    if (segment == nullptr || data < stack_begin || data >= fs_base) return;
    if (KeepsItsState(module.dlpi_name)) return;
    const intptr_t offset = static_cast<intptr_t>(data - fs_base);
    if (is_executable) executable_offset = offset;
    const auto* initial = reinterpret_cast<const char*>(module.dlpi_addr + segment->p_vaddr);
    Add(offset, initial, segment->p_filesz);
    Add(offset + static_cast<intptr_t>(segment->p_filesz), nullptr,
        segment->p_memsz - segment->p_filesz);
  });

  if (internal::SanitizerIsInExecutable()) {
    std::vector<internal::TlsSymbol> symbols;
    if (!internal::FindSanitizerTls(&symbols)) complete_ = false;
    for (const internal::TlsSymbol& symbol : symbols) {
      Exclude(executable_offset + static_cast<intptr_t>(symbol.offset), symbol.size);
    }
  }
  if (!complete_) count_ = 0;
}

void TlsImage::Add(intptr_t offset, const void* source, size_t size) {
  if (size == 0) return;
  if (count_ == kMaxRanges) {
    complete_ = false;
    return;
  }
  ranges_[count_++] = {offset, source, size};
}

void TlsImage::Exclude(intptr_t offset, size_t size) {
  const intptr_t end = offset + static_cast<intptr_t>(size);
  const size_t count = count_;
  for (size_t i = 0; i < count; ++i) {
    const Range range = ranges_[i];
    const intptr_t range_end = range.offset + static_cast<intptr_t>(range.size);
    const intptr_t cut_begin = std::max(offset, range.offset);
    const intptr_t cut_end = std::min(end, range_end);
    if (cut_begin >= cut_end) continue;
    const auto part = [&](intptr_t part_begin) -> const void* {
      if (range.source == nullptr) return nullptr;
      return static_cast<const char*>(range.source) + (part_begin - range.offset);
    };
    ranges_[i].size = static_cast<size_t>(cut_begin - range.offset);
    Add(cut_end, part(cut_end), static_cast<size_t>(range_end - cut_end));
  }
  Range* kept =
      std::remove_if(ranges_, ranges_ + count_, [](const Range& r) { return r.size == 0; });
  count_ = static_cast<size_t>(kept - ranges_);
}

void TlsImage::CopyTo(uintptr_t fs_base) const {
  for (const Range& range : *this) {
    const uintptr_t to = fs_base + static_cast<uintptr_t>(range.offset);
    if (range.source == nullptr) {
      ZeroBytes(to, range.size);
    } else {
      CopyBytes(to, reinterpret_cast<uintptr_t>(range.source), range.size);
    }
  }
  *reinterpret_cast<volatile int*>(fs_base + static_cast<uintptr_t>(errno_offset_)) = 0;
}

}  // namespace heddle
