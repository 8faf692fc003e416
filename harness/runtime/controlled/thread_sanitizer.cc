#include "harness/runtime/controlled/thread_sanitizer.h"

#if defined(HEDDLE_TSAN)

#include <sanitizer/tsan_interface_atomic.h>

#include <string_view>
#include <utility>

extern "C" {
// The query functions of a report, as <sanitizer/tsan_interface.h> of later versions and LLVM's
// debugger support declare them.
int __tsan_get_report_data(void* report, const char** description, int* count, int* stack_count,
                           int* mop_count, int* loc_count, int* mutex_count, int* thread_count,
                           int* unique_tid_count, void** sleep_trace, unsigned long trace_size);
int __tsan_get_report_mop(void* report, unsigned long index, int* tid, void** address, int* size,
                          int* write, int* atomic, void** trace, unsigned long trace_size);
int __tsan_get_report_thread(void* report, unsigned long index, int* tid, uint64_t* os_id,
                             int* running, const char** name, int* parent_tid, void** trace,
                             unsigned long trace_size);

// Every report counts, however often its stacks have been seen: each schedule stands for itself.
// Nothing is symbolised or printed here: reports are findings like all others. Nor is the process
// kept for a second at its exit, for reports by threads that still run: the donors sleep. An
// allocation that cannot be met returns null, as it may (a throwing `new` ends the process still).
const char* __tsan_default_options() {
  return "suppress_equal_stacks=0:suppress_equal_addresses=0:symbolize=0:exitcode=0:"
         "halt_on_error=0:detect_deadlocks=0:report_signal_unsafe=0:report_thread_leaks=0:"
         "report_destroy_locked=0:report_mutex_bugs=0:report_atomic_races=0:history_size=4:"
         "die_after_fork=0:handle_segv=0:handle_abort=0:handle_sigill=0:handle_sigfpe=0:"
         "handle_sigbus=0:use_sigaltstack=0:atexit_sleep_ms=0:allocator_may_return_null=1";
}
}

namespace heddle {
namespace {

SanitizerReportSink* report_sink = nullptr;

__tsan_atomic64 boundary_before;  // released by the carrier after all earlier executions
__tsan_atomic64 boundary_now;     // released by each thread of this execution at its end

// Reports since the last delivery; more than fit are those of one step, and are dropped.
constexpr int kMaxPending = 8;
SanitizerRace pending[kMaxPending];
int pending_count = 0;

uint64_t OsThread(void* report, int thread_count, int tid) {
  for (int i = 0; i < thread_count; ++i) {
    int id = 0;
    uint64_t os_id = 0;
    int running = 0;
    const char* name = nullptr;
    int parent = 0;
    void* trace[1] = {};
    __tsan_get_report_thread(report, static_cast<unsigned long>(i), &id, &os_id, &running, &name,
                             &parent, trace, 1);
    if (id == tid) return os_id;
  }
  return 0;
}

void ReadReport(void* report, SanitizerRace* race) {
  const char* description = nullptr;
  int count = 0, stacks = 0, accesses = 0, locations = 0, mutexes = 0, threads = 0, tids = 0;
  void* sleep_trace[1] = {};
  __tsan_get_report_data(report, &description, &count, &stacks, &accesses, &locations, &mutexes,
                         &threads, &tids, sleep_trace, 1);
  race->is_use_after_free =
      description != nullptr &&
      std::string_view(description).find("use-after-free") != std::string_view::npos;
  for (int i = 0; i < 2 && i < accesses; ++i) {
    int tid = 0, size = 0, write = 0, atomic = 0;
    void* address = nullptr;
    void* trace[SanitizerAccess::kMaxFrames] = {};
    __tsan_get_report_mop(report, static_cast<unsigned long>(i), &tid, &address, &size, &write,
                          &atomic, trace, SanitizerAccess::kMaxFrames);
    SanitizerAccess& access = race->accesses[i];
    access.is_write = write != 0;
    access.size = static_cast<uint32_t>(size);
    access.address = reinterpret_cast<uintptr_t>(address);
    access.os_thread = OsThread(report, threads, tid);
    for (size_t frame = 0; frame < SanitizerAccess::kMaxFrames; ++frame) {
      access.stack[frame] = reinterpret_cast<uintptr_t>(trace[frame]);
    }
  }
}

}  // namespace

void SetSanitizerReportSink(SanitizerReportSink* sink) {
  report_sink = sink;
  pending_count = 0;
}

void DeliverSanitizerReports() {
  const int count = std::exchange(pending_count, 0);
  for (int i = 0; i < count && report_sink != nullptr; ++i) {
    report_sink->OnSanitizerRace(pending[i]);
  }
}

void SanitizerBoundary::BeginExecution() {
  __tsan_atomic64_load(&boundary_now, __tsan_memory_order_acquire);
  __tsan_atomic64_store(&boundary_before, 0, __tsan_memory_order_release);
  __tsan_atomic64_store(&boundary_now, 0, __tsan_memory_order_release);
}

void SanitizerBoundary::OnThreadStart() {
  __tsan_atomic64_load(&boundary_before, __tsan_memory_order_acquire);
}

void SanitizerBoundary::OnThreadEnd() {
  __tsan_atomic64_fetch_add(&boundary_now, 1, __tsan_memory_order_release);
}

}  // namespace heddle

// The runtime's own hook, weak in it: true keeps it from printing. Called in the middle of the
// program's access, on its thread.
namespace __tsan {
class ReportDesc;
__attribute__((used)) bool OnReport(const ReportDesc* report, bool suppressed) {
  if (heddle::report_sink == nullptr || suppressed) return suppressed;
  if (heddle::pending_count < heddle::kMaxPending) {
    heddle::SanitizerRace& race = heddle::pending[heddle::pending_count++];
    race = heddle::SanitizerRace();
    heddle::ReadReport(const_cast<ReportDesc*>(report), &race);
  }
  return true;
}
}  // namespace __tsan

#else

namespace heddle {

void SetSanitizerReportSink(SanitizerReportSink*) {}
void DeliverSanitizerReports() {}
void SanitizerBoundary::BeginExecution() {}
void SanitizerBoundary::OnThreadStart() {}
void SanitizerBoundary::OnThreadEnd() {}

}  // namespace heddle

#endif
