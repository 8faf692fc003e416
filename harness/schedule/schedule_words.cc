#include "harness/schedule/schedule_words.h"

#include <algorithm>

namespace heddle::internal {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// Needs no quoting anywhere, and is no part of this format's own syntax.
bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-./:,+").find(c) != std::string_view::npos;
}

bool IsChecksum(std::string_view word) {
  return word.size() == 9 && word[0] == '=' &&
         std::all_of(word.begin() + 1, word.end(),
                     [](char c) { return kHexDigits.find(c) != std::string_view::npos; });
}

std::string Quoted(std::string_view text) {
  if (text.empty()) return "the end";
  constexpr size_t kLongest = 24;
  std::string quoted = "'";
  for (const char c : text.substr(0, kLongest)) quoted += c < ' ' || c > '~' ? '.' : c;
  return quoted + (text.size() > kLongest ? "...'" : "'");
}

}  // namespace

Word WordReader::Next() {
  while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  const size_t begin = at_;
  while (at_ < text_.size() && !IsSpace(text_[at_])) ++at_;
  return Word{text_.substr(begin, at_ - begin), begin};
}

void Checksum::Add(std::string_view word) {
  const auto add = [this](char c) {
    crc_ ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc_ = (crc_ >> 1) ^ (0xedb88320u & (0u - (crc_ & 1u)));
  };
  for (const char c : word) add(c);
  add(' ');
}

std::string Checksum::Hex() const {
  std::string hex;
  for (int shift = 28; shift >= 0; shift -= 4) hex += kHexDigits[(~crc_ >> shift) & 15];
  return hex;
}

absl::Status ScheduleError(const Word& word, size_t at, const std::string& expected) {
  at = std::min(at, word.text.size());
  return absl::InvalidArgumentError("schedule, offset " + std::to_string(word.offset + at) +
                                    ": expected " + expected + ", found " +
                                    Quoted(word.text.substr(at)));
}

absl::Status CheckWhole(std::string_view text, std::string_view magic) {
  WordReader words(text);
  const Word first = words.Next();
  if (first.text != magic) return ScheduleError(first, 0, "'" + std::string(magic) + "'");
  Checksum checksum;
  Word last = first;
  for (Word next = words.Next(); !next.text.empty(); next = words.Next()) {
    if (last.text.starts_with('=')) return ScheduleError(next, 0, "the end after the checksum");
    checksum.Add(last.text);
    last = next;
  }
  if (!IsChecksum(last.text)) {
    return ScheduleError(Word{{}, text.size()}, 0,
                         "a checksum ('=' and 8 hexadecimal digits) at the end: it has been cut "
                         "short, or added to");
  }
  if (last.text.substr(1) != checksum.Hex()) {
    return ScheduleError(last, 0,
                         "the checksum =" + checksum.Hex() +
                             " of the text before it, one of which is damaged");
  }
  return absl::OkStatus();
}

std::optional<uint64_t> ReadNumber(std::string_view text, size_t* at, uint64_t most) {
  const size_t begin = *at;
  uint64_t number = 0;
  size_t end = begin;
  for (; end < text.size() && text[end] >= '0' && text[end] <= '9'; ++end) {
    number = number * 10 + static_cast<uint64_t>(text[end] - '0');
    if (number > most) return std::nullopt;
  }
  if (end == begin || (text[begin] == '0' && end - begin > 1)) return std::nullopt;
  *at = end;
  return number;
}

std::string Escape(std::string_view plain) {
  std::string escaped;
  for (const char c : plain) {
    if (IsPlain(c)) {
      escaped += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    escaped += '%';
    escaped += kHexDigits[byte >> 4];
    escaped += kHexDigits[byte & 15];
  }
  return escaped;
}

std::optional<std::string> Unescape(std::string_view escaped, size_t* bad) {
  std::string plain;
  for (size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '%') {
      plain += escaped[i];
      continue;
    }
    *bad = i;
    if (escaped.size() - i < 3) return std::nullopt;
    const size_t high = kHexDigits.find(escaped[i + 1]);
    const size_t low = kHexDigits.find(escaped[i + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    plain += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return plain;
}

}  // namespace heddle::internal
