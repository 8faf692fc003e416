#include "harness/report/text_layout.h"

#include <cstdio>

namespace heddle::internal {

size_t WidthOf(std::string_view text) {
  size_t width = 0;
  for (const char c : text) width += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return width;
}

std::string PadRight(std::string text, size_t width) {
  const size_t now = WidthOf(text);
  if (now < width) text.append(width - now, ' ');
  return text;
}

std::string PadLeft(std::string text, size_t width) {
  const size_t now = WidthOf(text);
  if (now < width) text.insert(0, width - now, ' ');
  return text;
}

std::string Printable(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n' || c == '\t') {
      result += ' ';
    } else if (byte < 0x20 || byte == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof(escaped), "\\x%02x", byte);
      result += escaped;
    } else {
      result += c;
    }
  }
  return result;
}

std::string Wrap(std::string_view text, size_t indent, size_t width) {
  std::string result, line;
  size_t at = 0;
  while (at < text.size()) {
    size_t end = text.find(' ', at);
    if (end == std::string_view::npos) end = text.size();
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    if (!line.empty() && indent + WidthOf(line) + 1 + WidthOf(word) > width) {
      result += std::string(indent, ' ') + line + "\n";
      line.clear();
    }
    if (!line.empty()) line += ' ';
    line += word;
  }
  if (!line.empty()) result += std::string(indent, ' ') + line + "\n";
  return result;
}

}  // namespace heddle::internal
