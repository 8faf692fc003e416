#include "harness/explore/wire.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/core/check.h"

namespace heddle {
namespace {

constexpr uint64_t kMagic = 0xf0e1'c2d3'8a5b'967cu;  // no text

// Whether a frame may begin so.
bool MayBeFrame(std::string_view bytes) {
  const size_t known = std::min(bytes.size(), sizeof(kMagic));
  return std::memcmp(bytes.data(), &kMagic, known) == 0;
}

}  // namespace

std::string_view MessageWriter::Finish() {
  const std::string_view rest = std::string_view(bytes_).substr(sizeof(MessageFrame));
  HEDDLE_CHECK(rest.size() <= kMostMessageBytes, "a message of more bytes than a reader takes");
  const MessageFrame frame{kMagic, rest.size(), HashBytes(rest)};
  std::memcpy(bytes_.data(), &frame, sizeof(frame));
  return bytes_;
}

bool MessageWriter::Send(int pipe) {
  std::string_view rest = Finish();
  while (!rest.empty()) {
    const ssize_t written = ::write(pipe, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    rest.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

void MessageBuffer::Append(std::string_view bytes) {
  if (!garbled_) bytes_.append(bytes);
}

bool MessageBuffer::Next(std::string_view* message) {
  const std::string_view rest = std::string_view(bytes_).substr(begin_);
  MessageFrame frame;
  garbled_ = garbled_ || !MayBeFrame(rest);
  if (!garbled_ && rest.size() >= sizeof(frame)) {
    std::memcpy(&frame, rest.data(), sizeof(frame));
    if (frame.size <= rest.size() - sizeof(frame)) {
      *message = rest.substr(sizeof(frame), frame.size);
      begin_ += sizeof(frame) + frame.size;
      garbled_ = HashBytes(*message) != frame.checksum;
      return !garbled_;
    }
    garbled_ = frame.size > kMostMessageBytes;
  }
  bytes_.erase(0, garbled_ ? bytes_.size() : begin_);
  begin_ = 0;
  return false;
}

bool MessageBuffer::Read(int pipe, std::string_view* message) {
  char buffer[1 << 14];
  while (!Next(message)) {
    const ssize_t size = ::read(pipe, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    Append({buffer, static_cast<size_t>(size)});
  }
  return true;
}

}  // namespace heddle
