// Messages from a worker or replay process to its supervisor: a type and fields, in a pipe.
//
// Both ends are the same program on the same machine, so numbers travel as they are in memory. The
// reader trusts nothing all the same: the writer may have died in the middle of a message.
#ifndef HEDDLE_HARNESS_EXPLORE_WIRE_H_
#define HEDDLE_HARNESS_EXPLORE_WIRE_H_

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace heddle {

enum class MessageType : uint8_t {
  kSuspicion,    // worker: something new was found
  kCampaignEnd,  // worker: its last words
  kRaised,       // replay: the SuspicionId of something that is about to become a finding
  kFinding,      // replay: a finding, reported
  kReplayEnd,    // replay: its last words
};

class MessageWriter {
 public:
  explicit MessageWriter(MessageType type) : bytes_(sizeof(uint64_t), '\0') { Put(type); }

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

  // Writes the whole message, however often the pipe is full. False: nobody reads any more.
  bool Send(int pipe);

 private:
  std::string bytes_;  // the length of the rest, then the rest
};

// The fields of one message, read in the order in which they were put.
class MessageReader {
 public:
  explicit MessageReader(std::string_view bytes) : bytes_(bytes) {}

  // False: the message ends too soon.
  template <typename Number>
    requires std::is_trivially_copyable_v<Number>
  bool Get(Number* value) {
    if (bytes_.size() < sizeof(*value)) return false;
    std::memcpy(value, bytes_.data(), sizeof(*value));
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
    if (size > 0) std::memcpy(elements->data(), bytes_.data(), size);
    bytes_.remove_prefix(size);
    return true;
  }

 private:
  std::string_view bytes_;
};

// Cuts what arrives in a pipe into messages. An unfinished one at the end is never returned.
class MessageBuffer {
 public:
  void Append(std::string_view bytes) { bytes_.append(bytes); }
  // The next complete message; its bytes are valid until the next call. False: none yet.
  bool Next(std::string_view* message);

 private:
  std::string bytes_;
  size_t begin_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_WIRE_H_
