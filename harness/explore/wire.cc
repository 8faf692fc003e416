#include "harness/explore/wire.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace heddle {

std::string_view MessageWriter::Finish() {
  const uint64_t size = bytes_.size() - sizeof(uint64_t);
  std::memcpy(bytes_.data(), &size, sizeof(size));
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

bool MessageBuffer::Next(std::string_view* message) {
  const std::string_view rest = std::string_view(bytes_).substr(begin_);
  uint64_t size = 0;
  if (rest.size() >= sizeof(size)) std::memcpy(&size, rest.data(), sizeof(size));
  if (rest.size() < sizeof(size) || rest.size() - sizeof(size) < size) {
    bytes_.erase(0, begin_);
    begin_ = 0;
    return false;
  }
  *message = rest.substr(sizeof(size), size);
  begin_ += sizeof(size) + size;
  return true;
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
