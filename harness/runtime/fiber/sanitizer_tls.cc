#include "harness/runtime/fiber/sanitizer_tls.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <link.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <memory>
#include <string_view>

// Every sanitizer runtime defines it.
extern "C" __attribute__((weak)) void __sanitizer_print_stack_trace();

namespace heddle::internal {
namespace {

bool BelongsToSanitizer(std::string_view mangled_name) {
  for (std::string_view part : {"__tsan", "__asan", "__lsan", "__ubsan", "__msan", "__hwasan",
                                "__sanitizer", "__interception"}) {
    if (mangled_name.find(part) != std::string_view::npos) return true;
  }
  return false;
}

bool ReadSymbolTable(Elf* elf, std::vector<TlsSymbol>* symbols) {
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) return false;
    if (header.sh_type != SHT_SYMTAB || header.sh_entsize == 0) continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr) return false;
    const int count = static_cast<int>(header.sh_size / header.sh_entsize);
    for (int i = 0; i < count; ++i) {
      GElf_Sym symbol;
      if (gelf_getsym(data, i, &symbol) == nullptr) return false;
      if (GELF_ST_TYPE(symbol.st_info) != STT_TLS || symbol.st_shndx == SHN_UNDEF) continue;
      const char* name = elf_strptr(elf, header.sh_link, symbol.st_name);
      if (name == nullptr) return false;
      if (BelongsToSanitizer(name)) symbols->push_back({symbol.st_value, symbol.st_size});
    }
    return true;
  }
  return false;
}

}  // namespace

bool SanitizerIsInExecutable() {
  if (&__sanitizer_print_stack_trace == nullptr) return false;
  Dl_info runtime;
  Dl_info executable;
  return dladdr(reinterpret_cast<void*>(&__sanitizer_print_stack_trace), &runtime) != 0 &&
         dladdr(reinterpret_cast<void*>(getauxval(AT_PHDR)), &executable) != 0 &&
         runtime.dli_fbase == executable.dli_fbase;
}

bool FindSanitizerTls(std::vector<TlsSymbol>* symbols) {
  const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  elf_version(EV_CURRENT);
  Elf* elf = elf_begin(file, ELF_C_READ, nullptr);
  const bool found = elf != nullptr && ReadSymbolTable(elf, symbols);
  elf_end(elf);
  close(file);
  return found;
}

}  // namespace heddle::internal
