#include "harness/explore/build_id.h"

#include <elf.h>
#include <link.h>

#include <cstdint>
#include <cstring>
#include <fstream>

namespace heddle {
namespace {

constexpr size_t kBytes = 8;

std::string Hex(const uint8_t* bytes, size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

// The GNU build id among the notes of the program itself, which is the first module.
int FindNote(dl_phdr_info* module, size_t, void* result) {
  auto* const text = static_cast<std::string*>(result);
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = module->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const auto* at = reinterpret_cast<const uint8_t*>(module->dlpi_addr + segment.p_vaddr);
    const uint8_t* const end = at + segment.p_memsz;
    while (end - at >= static_cast<ptrdiff_t>(sizeof(ElfW(Nhdr)))) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof(note));
      const uint8_t* const name = at + sizeof(note);
      const uint8_t* const content = name + ((note.n_namesz + 3) & ~3u);
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
          std::memcmp(name, "GNU", 4) == 0 && note.n_descsz >= kBytes) {
        *text = Hex(content, kBytes);
        return 1;
      }
      at = content + ((note.n_descsz + 3) & ~3u);
    }
  }
  return 1;  // no other module
}

std::string HashOfFile() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  char buffer[1 << 16];
  while (file.read(buffer, sizeof(buffer)), file.gcount() > 0) {
    for (std::streamsize i = 0; i < file.gcount(); ++i) {
      hash = (hash ^ static_cast<uint8_t>(buffer[i])) * 0x100000001b3;
    }
  }
  uint8_t bytes[kBytes];
  std::memcpy(bytes, &hash, sizeof(bytes));
  return Hex(bytes, kBytes);
}

}  // namespace

const std::string& BuildId() {
  static const std::string id = [] {
    std::string text;
    ::dl_iterate_phdr(&FindNote, &text);
    return text.empty() ? HashOfFile() : text;
  }();
  return id;
}

}  // namespace heddle
