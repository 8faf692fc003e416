#include "harness/runtime/heap/malloc_interpose.h"

#if !defined(HEDDLE_ASAN) && !defined(HEDDLE_TSAN)

#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <atomic>
#include <bit>
#include <cerrno>
#include <iterator>
#include <new>
#include <vector>

#include "harness/runtime/heap/loaded_modules.h"
#include "harness/runtime/heap/program_context.h"

// The C library's allocator under the names that it keeps for interposers.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* pointer, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* pointer);
}

namespace heddle {
namespace {

// Plain globals, constant-initialised: malloc runs before constructors and after destructors.
struct Routing {
  Arena* arena = nullptr;
  uintptr_t arena_base = 0;
  size_t arena_size = 0;
  // Code of the C library and of the dynamic loader, in either order.
  AddressRange c_library[2];
};
constinit Routing routing;

// Inlined, and so the return address of the function that calls this one.
[[gnu::always_inline]] inline uintptr_t Caller() {
  return reinterpret_cast<uintptr_t>(__builtin_return_address(0));
}

inline bool FromArena(const void* pointer) {
  return reinterpret_cast<uintptr_t>(pointer) - routing.arena_base < routing.arena_size;
}

inline HeapSite SiteAt(uintptr_t pc) { return {program_context.thread, pc}; }

// Whether a call from `pc` allocates for the program.
inline bool ForProgram(uintptr_t pc) {
  return InProgram() && routing.arena != nullptr && !routing.c_library[0].Contains(pc) &&
         !routing.c_library[1].Contains(pc);
}

void* ArenaOrError(void* block) {
  if (block == nullptr) [[unlikely]]
    errno = ENOMEM;
  return block;
}

inline void* Allocate(size_t size, uintptr_t pc) {
  if (!ForProgram(pc)) return __libc_malloc(size);
  return ArenaOrError(routing.arena->Allocate(size, kGranule, SiteAt(pc)));
}

inline void* AllocateAligned(size_t alignment, size_t size, uintptr_t pc) {
  if (!ForProgram(pc)) return __libc_memalign(alignment, size);
  // The same leniency as the C library's memalign.
  return ArenaOrError(routing.arena->Allocate(size, std::bit_ceil(alignment), SiteAt(pc)));
}

inline void Release(void* pointer, uintptr_t pc) {
  if (!FromArena(pointer)) return __libc_free(pointer);
  if (OnForeignThread()) [[unlikely]]
    return;
  routing.arena->Free(pointer, SiteAt(pc));
}

// The size of a block of the C library's. Its own function for that is hidden behind ours.
size_t CLibraryUsableSize(void* pointer) {
  using Function = size_t (*)(void*);
  static std::atomic<Function> next{nullptr};
  Function function = next.load(std::memory_order_relaxed);
  if (function == nullptr) {
    function = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "malloc_usable_size"));
    next.store(function, std::memory_order_relaxed);
  }
  return function == nullptr ? 0 : function(pointer);
}

// Moves a block from one heap to the other.
void* Migrate(void* pointer, size_t old_size, size_t size, uintptr_t pc) {
  void* const moved = Allocate(size, pc);
  if (moved == nullptr) return nullptr;
  memcpy(moved, pointer, old_size < size ? old_size : size);
  Release(pointer, pc);
  return moved;
}

void* Resize(void* pointer, size_t size, uintptr_t pc) {
  if (pointer == nullptr) return Allocate(size, pc);
  if (!FromArena(pointer)) {
    if (size == 0 || !ForProgram(pc)) return __libc_realloc(pointer, size);
    return Migrate(pointer, CLibraryUsableSize(pointer), size, pc);
  }
  if (size == 0) {
    Release(pointer, pc);
    return nullptr;
  }
  if (ForProgram(pc)) return ArenaOrError(routing.arena->Reallocate(pointer, size, SiteAt(pc)));
  return Migrate(pointer, routing.arena->UsableSize(pointer), size, pc);
}

// The size of an array; on overflow tells the program's heap, sets errno and returns false.
bool ArraySize(size_t count, size_t size, uintptr_t pc, size_t* bytes) {
  if (!__builtin_mul_overflow(count, size, bytes)) [[likely]]
    return true;
  if (ForProgram(pc)) routing.arena->ReportSizeOverflow(SiteAt(pc));
  errno = ENOMEM;
  return false;
}

void* Duplicate(const char* text, size_t length, uintptr_t pc) {
  char* const copy = static_cast<char*>(Allocate(length + 1, pc));
  if (copy == nullptr) return nullptr;
  memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}

void* NewOrNull(size_t size, size_t alignment, uintptr_t pc) {
  for (;;) {
    void* const block =
        alignment <= kGranule ? Allocate(size, pc) : AllocateAligned(alignment, size, pc);
    if (block != nullptr) [[likely]]
      return block;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) return nullptr;
    handler();
  }
}

void* NewOrThrow(size_t size, size_t alignment, uintptr_t pc) {
  void* const block = NewOrNull(size, alignment, pc);
  if (block == nullptr) [[unlikely]]
    throw std::bad_alloc();
  return block;
}

void* NewNoThrow(size_t size, size_t alignment, uintptr_t pc) noexcept {
  try {
    return NewOrNull(size, alignment, pc);
  } catch (const std::bad_alloc&) {  // from the program's new handler
    return nullptr;
  }
}

}  // namespace

void UseArenaForProgram(Arena* arena) {
  routing.arena = nullptr;
  routing.arena_size = 0;
  if (arena == nullptr) return;
  const std::vector<AddressRange> code = CLibraryCode();
  for (size_t i = 0; i < std::size(routing.c_library); ++i) {
    routing.c_library[i] = i < code.size() ? code[i] : AddressRange{};
  }
  routing.arena_base = arena->options().base;
  routing.arena_size = arena->address_space();
  routing.arena = arena;
}

}  // namespace heddle

using heddle::Caller;

extern "C" {

void* malloc(size_t size) noexcept { return heddle::Allocate(size, Caller()); }

void free(void* pointer) noexcept { heddle::Release(pointer, Caller()); }

void* calloc(size_t count, size_t size) noexcept {
  const uintptr_t pc = Caller();
  if (!heddle::ForProgram(pc)) return __libc_calloc(count, size);
  size_t bytes;
  if (!heddle::ArraySize(count, size, pc, &bytes)) return nullptr;
  return heddle::ArenaOrError(heddle::routing.arena->AllocateZeroed(bytes, heddle::SiteAt(pc)));
}

void* realloc(void* pointer, size_t size) noexcept {
  return heddle::Resize(pointer, size, Caller());
}

void* reallocarray(void* pointer, size_t count, size_t size) noexcept {
  size_t bytes;
  if (!heddle::ArraySize(count, size, Caller(), &bytes)) return nullptr;
  return heddle::Resize(pointer, bytes, Caller());
}

void* memalign(size_t alignment, size_t size) noexcept {
  return heddle::AllocateAligned(alignment, size, Caller());
}

void* aligned_alloc(size_t alignment, size_t size) noexcept {
  return heddle::AllocateAligned(alignment, size, Caller());
}

int posix_memalign(void** result, size_t alignment, size_t size) noexcept {
  if (!std::has_single_bit(alignment) || alignment % sizeof(void*) != 0) return EINVAL;
  const int saved_errno = errno;  // this one reports by its result alone
  void* const block = heddle::AllocateAligned(alignment, size, Caller());
  errno = saved_errno;
  if (block == nullptr) return ENOMEM;
  *result = block;
  return 0;
}

void* valloc(size_t size) noexcept {
  return heddle::AllocateAligned(heddle::kArenaPage, size, Caller());
}

void* pvalloc(size_t size) noexcept {
  size_t rounded;
  if (__builtin_add_overflow(size, heddle::kArenaPage - 1, &rounded)) {
    errno = ENOMEM;
    return nullptr;
  }
  return heddle::AllocateAligned(heddle::kArenaPage, rounded & ~(heddle::kArenaPage - 1), Caller());
}

size_t malloc_usable_size(void* pointer) noexcept {
  if (pointer == nullptr) return 0;
  if (heddle::FromArena(pointer)) return heddle::routing.arena->UsableSize(pointer);
  return heddle::CLibraryUsableSize(pointer);
}

char* strdup(const char* text) noexcept {
  return static_cast<char*>(heddle::Duplicate(text, strlen(text), Caller()));
}

char* strndup(const char* text, size_t limit) noexcept {
  return static_cast<char*>(heddle::Duplicate(text, strnlen(text, limit), Caller()));
}

}  // extern "C"

// Defined so that a block's site is the `new` expression and not a place inside the C++ library.
// Weak, so that a program that has its own keeps them (they then call malloc above).
[[gnu::weak]] void* operator new(size_t size) {
  return heddle::NewOrThrow(size, heddle::kGranule, Caller());
}
[[gnu::weak]] void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return heddle::NewNoThrow(size, heddle::kGranule, Caller());
}
[[gnu::weak]] void* operator new(size_t size, std::align_val_t alignment) {
  return heddle::NewOrThrow(size, static_cast<size_t>(alignment), Caller());
}
[[gnu::weak]] void* operator new(size_t size, std::align_val_t alignment,
                                 const std::nothrow_t&) noexcept {
  return heddle::NewNoThrow(size, static_cast<size_t>(alignment), Caller());
}
[[gnu::weak]] void* operator new[](size_t size) {
  return heddle::NewOrThrow(size, heddle::kGranule, Caller());
}
[[gnu::weak]] void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return heddle::NewNoThrow(size, heddle::kGranule, Caller());
}
[[gnu::weak]] void* operator new[](size_t size, std::align_val_t alignment) {
  return heddle::NewOrThrow(size, static_cast<size_t>(alignment), Caller());
}
[[gnu::weak]] void* operator new[](size_t size, std::align_val_t alignment,
                                   const std::nothrow_t&) noexcept {
  return heddle::NewNoThrow(size, static_cast<size_t>(alignment), Caller());
}
[[gnu::weak]] void operator delete(void* pointer) noexcept { heddle::Release(pointer, Caller()); }
[[gnu::weak]] void operator delete(void* pointer, size_t) noexcept {
  heddle::Release(pointer, Caller());
}
[[gnu::weak]] void operator delete(void* pointer, const std::nothrow_t&) noexcept {
  heddle::Release(pointer, Caller());
}
[[gnu::weak]] void operator delete(void* pointer, std::align_val_t) noexcept {
  heddle::Release(pointer, Caller());
}
[[gnu::weak]] void operator delete(void* pointer, size_t, std::align_val_t) noexcept {
  heddle::Release(pointer, Caller());
}
[[gnu::weak]] void operator delete(void* pointer, std::align_val_t,
                                   const std::nothrow_t&) noexcept {
  heddle::Release(pointer, Caller());
}
[[gnu::weak]] void operator delete[](void* pointer) noexcept { heddle::Release(pointer, Caller()); }
[[gnu::weak]] void operator delete[](void* pointer, size_t) noexcept {
  heddle::Release(pointer, Caller());
}
[[gnu::weak]] void operator delete[](void* pointer, const std::nothrow_t&) noexcept {
  heddle::Release(pointer, Caller());
}
[[gnu::weak]] void operator delete[](void* pointer, std::align_val_t) noexcept {
  heddle::Release(pointer, Caller());
}
[[gnu::weak]] void operator delete[](void* pointer, size_t, std::align_val_t) noexcept {
  heddle::Release(pointer, Caller());
}
[[gnu::weak]] void operator delete[](void* pointer, std::align_val_t,
                                     const std::nothrow_t&) noexcept {
  heddle::Release(pointer, Caller());
}

#endif  // !HEDDLE_ASAN && !HEDDLE_TSAN
