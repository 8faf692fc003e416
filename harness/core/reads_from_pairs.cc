#include "harness/core/reads_from_pairs.h"

#include <dlfcn.h>

#include "harness/core/order_class.h"

namespace heddle {
namespace {

bool FindModule(uintptr_t pc, dl_find_object* module) {
  return pc != 0 && _dl_find_object(reinterpret_cast<void*>(pc), module) == 0;
}

// Within its module, wherever that was loaded.
uint64_t PlaceOf(uintptr_t pc) {
  dl_find_object module;
  return FindModule(pc, &module) ? pc - reinterpret_cast<uintptr_t>(module.dlfo_map_start) : pc;
}

uint64_t HashOf(const Site& site) { return MixOrder(site.thread, PlaceOf(site.pc)); }

}  // namespace

bool Site::InModule() const {
  dl_find_object module;
  return FindModule(pc, &module);
}

// Out of line, and without memory of the program: only harness code calls it.
void ReadsFromPairs::Add(const Site& from, const Site& to) {
  pairs_.push_back(MixOrder(HashOf(from), HashOf(to)));
}

}  // namespace heddle
