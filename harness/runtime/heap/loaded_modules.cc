#include "harness/runtime/heap/loaded_modules.h"

#include <link.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace heddle {
namespace {

bool IsCLibrary(const char* path) {
  std::string_view name = path == nullptr ? "" : path;
  if (const size_t slash = name.rfind('/'); slash != name.npos) name.remove_prefix(slash + 1);
  // Since glibc 2.34 libpthread and its like are empty shells.
  for (std::string_view prefix : {"libc.so", "ld-linux"}) {
    if (name.substr(0, prefix.size()) == prefix) return true;
  }
  return false;
}

template <typename Visit>
void ForEachModule(Visit visit) {
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* context) {
        (*static_cast<Visit*>(context))(*info);
        return 0;
      },
      &visit);
}

AddressRange RangeOf(const dl_phdr_info& module, const ElfW(Phdr) & segment) {
  const uintptr_t begin = module.dlpi_addr + segment.p_vaddr;
  return {begin, begin + segment.p_memsz};
}

}  // namespace

std::vector<AddressRange> CLibraryCode() {
  std::vector<AddressRange> code;
  ForEachModule([&](const dl_phdr_info& module) {
    if (!IsCLibrary(module.dlpi_name)) return;
    for (int i = 0; i < module.dlpi_phnum; ++i) {
      const auto& segment = module.dlpi_phdr[i];
      if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0) {
        code.push_back(RangeOf(module, segment));
      }
    }
  });
  std::sort(code.begin(), code.end(),
            [](const AddressRange& a, const AddressRange& b) { return a.begin < b.begin; });
  return code;
}

std::vector<AddressRange> ProgramStaticStorage() {
  std::vector<AddressRange> storage;
  ForEachModule([&](const dl_phdr_info& module) {
    if (IsCLibrary(module.dlpi_name)) return;
    AddressRange protected_part;
    for (int i = 0; i < module.dlpi_phnum; ++i) {
      const auto& segment = module.dlpi_phdr[i];
      if (segment.p_type == PT_GNU_RELRO) protected_part = RangeOf(module, segment);
    }
    for (int i = 0; i < module.dlpi_phnum; ++i) {
      const auto& segment = module.dlpi_phdr[i];
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) == 0) continue;
      AddressRange range = RangeOf(module, segment);
      // The protected part is the beginning of the writable segment.
      if (range.Contains(protected_part.begin))
        range.begin = std::min(range.end, protected_part.end);
      if (range.begin < range.end) storage.push_back(range);
    }
  });
  return storage;
}

}  // namespace heddle
