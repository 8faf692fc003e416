#include "harness/report/symbol_module.h"

#include <elf.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <string_view>

#include "harness/report/symbol_path.h"

namespace heddle::internal {
namespace {

constexpr const char* kSelf = "/proc/self/exe";
constexpr int kMaxOverlap =
    16;  // how many symbols may begin inside another one before it is no longer found

std::string ExecutablePath() {
  char path[PATH_MAX];
  const ssize_t length = readlink(kSelf, path, sizeof(path));
  return length <= 0 ? kSelf : std::string(path, static_cast<size_t>(length));
}

int IgnoreSeparateDebugFile(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*,
                            GElf_Word, char**) {
  return -1;
}

int AddModule(dl_phdr_info* info, size_t, void* result) {
  auto* modules = static_cast<std::vector<ModuleLayout>*>(result);
  ModuleLayout layout;
  layout.main = modules->empty();
  layout.path = layout.main ? ExecutablePath() : info->dlpi_name;
  layout.bias = info->dlpi_addr;
  for (const ElfW(Phdr) & header : std::span(info->dlpi_phdr, info->dlpi_phnum)) {
    const uintptr_t begin = info->dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_DYNAMIC) layout.dynamic = begin;
    if (header.p_type != PT_LOAD) continue;
    const bool code = (header.p_flags & (PF_X | PF_R)) == (PF_X | PF_R);
    layout.segments.push_back({begin, begin + header.p_memsz, code});
  }
  modules->push_back(std::move(layout));
  return 0;
}

// Aliases with leading underscores are a library's own ("__interceptor_qsort"); "_Z" begins every
// name in C++.
size_t LeadingUnderscores(std::string_view name) {
  return name.starts_with("_Z") ? 0 : std::min(name.find_first_not_of('_'), name.size());
}

bool IsPreferred(const char* a, const char* b) {
  const size_t underscores_a = LeadingUnderscores(a);
  const size_t underscores_b = LeadingUnderscores(b);
  return underscores_a != underscores_b ? underscores_a < underscores_b : std::strcmp(a, b) < 0;
}

const ElfSymbol* FindSymbol(const std::vector<ElfSymbol>& symbols, uintptr_t address) {
  auto after = std::upper_bound(
      symbols.begin(), symbols.end(), address,
      [](uintptr_t value, const ElfSymbol& symbol) { return value < symbol.begin; });
  for (int i = 0; i < kMaxOverlap && after != symbols.begin(); ++i) {
    --after;
    if (address - after->begin < after->size) return &*after;
  }
  return nullptr;
}

}  // namespace

uint64_t LoadedGeneration() {
  uint64_t generation = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* result) {
        *static_cast<uint64_t*>(result) = info->dlpi_adds + info->dlpi_subs;
        return 1;
      },
      &generation);
  return generation;
}

std::vector<ModuleLayout> LoadedModules() {
  std::vector<ModuleLayout> modules;
  dl_iterate_phdr(AddModule, &modules);
  return modules;
}

Module::Module(ModuleLayout layout) : layout_(std::move(layout)) {}

Module::~Module() = default;

std::string Module::Basename() const { return layout_.path.substr(layout_.path.rfind('/') + 1); }

bool Module::IsSystem() const { return !layout_.main && SourcePaths::IsSystem(layout_.path); }

bool Module::Contains(uintptr_t address) const {
  return std::any_of(layout_.segments.begin(), layout_.segments.end(),
                     [address](const ModuleLayout::Segment& segment) {
                       return segment.begin <= address && address < segment.end;
                     });
}

std::span<const uint8_t> Module::CodeFrom(uintptr_t address) const {
  for (const ModuleLayout::Segment& segment : layout_.segments) {
    if (segment.code && segment.begin <= address && address < segment.end) {
      return {reinterpret_cast<const uint8_t*>(address), segment.end - address};
    }
  }
  return {};
}

size_t Module::CodeBefore(uintptr_t address) const {
  for (const ModuleLayout::Segment& segment : layout_.segments) {
    if (segment.code && segment.begin < address && address <= segment.end)
      return address - segment.begin;
  }
  return 0;
}

const ElfSymbol* Module::FunctionAt(uintptr_t address) {
  ReadSymbols();
  return FindSymbol(functions_, address);
}

const ElfSymbol* Module::DataAt(uintptr_t address) {
  ReadSymbols();
  return FindSymbol(data_, address);
}

const char* Module::ImportAt(uintptr_t address) {
  ReadImports();
  const auto found = imports_.find(address);
  return found == imports_.end() ? nullptr : found->second;
}

DebugInfo* Module::debug_info() {
  if (!debug_info_read_) {
    debug_info_read_ = true;
    Open();
    Dwarf_Addr bias = 0;
    Dwarf* const dwarf = file_ == nullptr ? nullptr : dwfl_module_getdwarf(file_, &bias);
    if (dwarf != nullptr) debug_info_ = std::make_unique<DebugInfo>(dwarf);
  }
  return debug_info_.get();
}

void Module::Open() {
  if (opened_) return;
  opened_ = true;
  static constexpr Dwfl_Callbacks kCallbacks = {nullptr, IgnoreSeparateDebugFile, nullptr, nullptr};
  dwfl_.reset(dwfl_begin(&kCallbacks));
  if (dwfl_ == nullptr) return;
  dwfl_report_begin(dwfl_.get());
  file_ = dwfl_report_elf(dwfl_.get(), "module", layout_.path.c_str(), -1, layout_.bias, true);
  // The file of a running executable may have been replaced since; its contents are still
  // reachable.
  if (file_ == nullptr && layout_.main) {
    file_ = dwfl_report_elf(dwfl_.get(), "module", kSelf, -1, layout_.bias, true);
  }
  dwfl_report_end(dwfl_.get(), nullptr, nullptr);
}

void Module::ReadSymbols() {
  if (symbols_read_) return;
  symbols_read_ = true;
  Open();
  const int count = file_ == nullptr ? 0 : dwfl_module_getsymtab(file_);
  for (int i = 1; i < count; ++i) {
    GElf_Sym symbol;
    GElf_Addr address;
    GElf_Word section;
    const char* name =
        dwfl_module_getsym_info(file_, i, &symbol, &address, &section, nullptr, nullptr);
    if (name == nullptr || *name == '\0' || section == SHN_UNDEF || symbol.st_size == 0) continue;
    const int type = GELF_ST_TYPE(symbol.st_info);
    if (type == STT_FUNC || type == STT_GNU_IFUNC)
      functions_.push_back({address, symbol.st_size, name});
    if (type == STT_OBJECT || type == STT_COMMON) data_.push_back({address, symbol.st_size, name});
  }
  // Which of several names for one place is used must not depend on their order in the file.
  const auto before = [](const ElfSymbol& a, const ElfSymbol& b) {
    return a.begin != b.begin ? a.begin < b.begin : IsPreferred(b.name, a.name);
  };
  std::sort(functions_.begin(), functions_.end(), before);
  std::sort(data_.begin(), data_.end(), before);
}

void Module::ReadImports() {
  if (imports_read_) return;
  imports_read_ = true;
  if (layout_.dynamic == 0) return;
  const ElfW(Sym)* symbols = nullptr;
  const char* strings = nullptr;
  std::span<const ElfW(Rela)> tables[2];
  const ElfW(Rela) * first[2] = {nullptr, nullptr};
  size_t bytes[2] = {0, 0};
  for (const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(layout_.dynamic);
       entry->d_tag != DT_NULL; ++entry) {
    // The C library relocates these pointers in place, except where the section is read-only.
    uintptr_t address = entry->d_un.d_ptr;
    if (!Contains(address)) address += layout_.bias;
    switch (entry->d_tag) {
      case DT_SYMTAB:
        symbols = reinterpret_cast<const ElfW(Sym)*>(address);
        break;
      case DT_STRTAB:
        strings = reinterpret_cast<const char*>(address);
        break;
      case DT_RELA:
        first[0] = reinterpret_cast<const ElfW(Rela)*>(address);
        break;
      case DT_RELASZ:
        bytes[0] = entry->d_un.d_val;
        break;
      case DT_JMPREL:
        first[1] = reinterpret_cast<const ElfW(Rela)*>(address);
        break;
      case DT_PLTRELSZ:
        bytes[1] = entry->d_un.d_val;
        break;
      default:
        break;
    }
  }
  if (symbols == nullptr || strings == nullptr) return;
  for (int i = 0; i < 2; ++i) {
    if (first[i] != nullptr) tables[i] = {first[i], bytes[i] / sizeof(ElfW(Rela))};
    for (const ElfW(Rela) & relocation : tables[i]) {
      const size_t index = ELF64_R_SYM(relocation.r_info);
      if (index != 0)
        imports_[layout_.bias + relocation.r_offset] = strings + symbols[index].st_name;
    }
  }
}

}  // namespace heddle::internal
