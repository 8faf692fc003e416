// Numbers, texts and arrays as a string of bytes, and back: what processes of one build tell each
// other, and what a checkpoint keeps for a later one.
//
// Numbers travel as they are in memory, so that both ends must be the same program. The reader
// trusts nothing all the same: every Get tells whether the bytes sufficed. Threading: one.
#ifndef HEDDLE_HARNESS_CORE_BYTES_H_
#define HEDDLE_HARNESS_CORE_BYTES_H_

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace heddle {

// To tell damaged bytes. FNV-1a with words of eight bytes, after each of which the upper bits are
// brought down to the lower ones: two changes of highest bits would else be none.
inline uint64_t HashBytes(std::string_view bytes) {
  const auto mix = [](uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x100000001b3;
    return hash ^ hash >> 32;
  };
  uint64_t hash = 0xcbf29ce484222325 ^ bytes.size();
  uint64_t word = 0;
  for (; bytes.size() >= sizeof(word); bytes.remove_prefix(sizeof(word))) {
    std::memcpy(&word, bytes.data(), sizeof(word));
    hash = mix(hash, word);
  }
  word = 0;
  std::memcpy(&word, bytes.data(), bytes.size());
  return mix(hash, word);
}

// The bytes with their hash behind them.
inline std::string Seal(std::string bytes) {
  const uint64_t hash = HashBytes(bytes);
  bytes.append(reinterpret_cast<const char*>(&hash), sizeof(hash));
  return bytes;
}
// And without it. False: they are damaged.
inline bool Unseal(std::string_view* bytes) {
  uint64_t hash = 0;
  if (bytes->size() < sizeof(hash)) return false;
  const std::string_view sealed = bytes->substr(0, bytes->size() - sizeof(hash));
  std::memcpy(&hash, sealed.data() + sealed.size(), sizeof(hash));
  *bytes = sealed;
  return HashBytes(sealed) == hash;
}

class ByteWriter {
 public:
  template <typename Number>
    requires std::is_trivially_copyable_v<Number>
  void Put(Number value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void PutText(std::string_view text) {
    Put(static_cast<uint64_t>(text.size()));
    bytes_.append(text);
  }
  template <typename Element>
    requires std::is_trivially_copyable_v<Element>
  void PutSpan(std::span<const Element> elements) {
    PutText({reinterpret_cast<const char*>(elements.data()), elements.size_bytes()});
  }

  std::string Take() { return std::move(bytes_); }

 protected:
  std::string bytes_;
};

// Fields, read in the order in which they were put.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  // False: the bytes end too soon.
  template <typename Number>
    requires std::is_trivially_copyable_v<Number>
  bool Get(Number* value) {
    if (bytes_.size() < sizeof(*value)) return false;
    std::memcpy(static_cast<void*>(value), bytes_.data(), sizeof(*value));
    bytes_.remove_prefix(sizeof(*value));
    return true;
  }
  bool GetText(std::string* text) {
    uint64_t size = 0;
    if (!Get(&size) || bytes_.size() < size) return false;
    text->assign(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return true;
  }
  template <typename Element>
    requires std::is_trivially_copyable_v<Element>
  bool GetVector(std::vector<Element>* elements) {
    uint64_t size = 0;
    if (!Get(&size) || bytes_.size() < size || size % sizeof(Element) != 0) return false;
    elements->resize(size / sizeof(Element));
    if (size > 0) std::memcpy(static_cast<void*>(elements->data()), bytes_.data(), size);
    bytes_.remove_prefix(size);
    return true;
  }

  bool AtEnd() const { return bytes_.empty(); }
  // What has not been read.
  std::string_view Rest() const { return bytes_; }

 private:
  std::string_view bytes_;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_CORE_BYTES_H_
