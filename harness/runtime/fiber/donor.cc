#include "harness/runtime/fiber/donor.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/core/check.h"
#include "harness/runtime/fiber/tls_image.h"
#include "harness/runtime/heap/program_context.h"

// Present if AddressSanitizer is. Frames that were forgotten leave their red zones behind.
extern "C" __attribute__((weak)) void __asan_unpoison_memory_region(const volatile void*, size_t);

namespace heddle {
namespace internal {

bool fs_base_instructions_allowed = DetectFsBaseInstructions();

}  // namespace internal

namespace {

// Between the frame of the sleeping thread and the first frame of the fiber. A signal frame with
// AVX-512 state takes 3.5 KiB.
constexpr size_t kSleepersReserve = 16 << 10;

// The frames of the C library and of a sanitizer between the top of the stack and ThreadMain.
constexpr size_t kThreadStartFrames = 16 << 10;

size_t RoundUp(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

int CreateThread(void* stack, size_t stack_size, void* (*start)(void*), void* argument,
                 pthread_t* thread) {
  sigset_t all;
  sigfillset(&all);
  pthread_attr_t attributes;
  int error = pthread_attr_init(&attributes);
  if (error != 0) return error;
  error = pthread_attr_setstack(&attributes, stack, stack_size);
  if (error == 0) error = pthread_attr_setsigmask_np(&attributes, &all);
  if (error == 0) error = pthread_create(thread, &attributes, start, argument);
  pthread_attr_destroy(&attributes);
  return error;
}

}  // namespace

Donor::~Donor() {
  if (started()) Retire();
}

int Donor::Start(const DonorOptions& options) {
  HEDDLE_CHECK(!started(), "donor started twice");
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t guard_size = RoundUp(options.guard_size, page);
  const size_t stack_size = RoundUp(
      options.stack_size + kSleepersReserve + kThreadStartFrames + TlsImage::StaticTlsSizeBound(),
      page);

  // Our own mapping rather than the C library's: its bounds are exact, and it is gone once the
  // thread is, where the C library would keep it for reuse.
  void* mapping = mmap(nullptr, guard_size + stack_size, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (mapping == MAP_FAILED) return errno;
  mapping_size_ = guard_size + stack_size;
  stack_.guard = reinterpret_cast<uintptr_t>(mapping);
  stack_.lowest = stack_.guard + guard_size;
  stack_.highest = stack_.lowest;
  void* stack = reinterpret_cast<void*>(stack_.lowest);

  state_.store(kStarting, std::memory_order_relaxed);
  int error = mprotect(stack, stack_size, PROT_READ | PROT_WRITE) == 0 ? 0 : errno;
  if (error == 0) error = CreateThread(stack, stack_size, &ThreadMain, this, &thread_);
  if (error != 0) {
    munmap(mapping, mapping_size_);
    return error;
  }
  while (state_.load(std::memory_order_acquire) == kStarting) {
    internal::FutexWait(&state_, kStarting);
  }
  mapping_ = mapping;
  return 0;
}

void* Donor::ThreadMain(void* donor) {
  SanitizerLooksAway();
  static_cast<Donor*>(donor)->Sleep();
  SanitizerLooksOn();
  return nullptr;
}

__attribute__((noinline)) void Donor::Sleep() {
  const uintptr_t frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  tls_image_ = &TlsImage::OfProgram(stack_.lowest);
  context_.fs_base = internal::ReadFsBase();
  os_thread_ = static_cast<uint64_t>(gettid());
  stack_.highest = (frame - kSleepersReserve) & ~uintptr_t{63};

  // From this store on the thread's storage belongs to the fiber: system calls only, without errno.
  state_.store(kAsleep, std::memory_order_release);
  internal::FutexWakeAll(&state_);
  while (state_.load(std::memory_order_acquire) == kAsleep) internal::FutexWait(&state_, kAsleep);
}

void Donor::Reset(void (*entry)(void*), void* argument, void* reserved) {
  const auto address = reinterpret_cast<uintptr_t>(reserved);
  const uintptr_t top = stack_.Contains(address) ? address & ~uintptr_t{63} : stack_.highest;
  if (&__asan_unpoison_memory_region != nullptr) {
    __asan_unpoison_memory_region(reinterpret_cast<void*>(stack_.lowest), top - stack_.lowest);
  }
  PrepareContext(&context_, reinterpret_cast<void*>(top), entry, argument);
  tls_image_->CopyTo(context_.fs_base);
}

bool Donor::Reusable() const { return tls_image_->complete(); }

void Donor::Retire() {
  HEDDLE_CHECK(started(), "donor retired without being started");
  state_.store(kRetiring, std::memory_order_release);
  internal::FutexWakeAll(&state_);
  const int error = pthread_join(thread_, nullptr);
  HEDDLE_CHECK(error == 0, "donor thread cannot be joined");
  munmap(mapping_, mapping_size_);
  mapping_ = nullptr;
}

}  // namespace heddle
