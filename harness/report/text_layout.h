// Small helpers for plain-text pages: width, padding, wrapping, colour.
#ifndef HEDDLE_HARNESS_REPORT_TEXT_LAYOUT_H_
#define HEDDLE_HARNESS_REPORT_TEXT_LAYOUT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace heddle::internal {

// Columns that UTF-8 text takes, one for each character.
size_t WidthOf(std::string_view text);
std::string PadRight(std::string text, size_t width);
std::string PadLeft(std::string text, size_t width);
// Control characters made visible: a message of the program must not move the cursor.
std::string Printable(std::string_view text);
// Words in lines of at most `width` columns, each after `indent` spaces, ended by a newline.
std::string Wrap(std::string_view text, size_t indent, size_t width);

class Paint {
 public:
  explicit Paint(bool on) : on_(on) {}
  std::string Alarm(const std::string& text) const { return In("1;31", text); }
  std::string Heading(const std::string& text) const { return In("1", text); }
  std::string Strong(const std::string& text) const { return In("1;33", text); }
  std::string Faint(const std::string& text) const { return In("2", text); }
  std::string Command(const std::string& text) const { return In("36", text); }

 private:
  std::string In(const char* code, const std::string& text) const {
    return on_ && !text.empty() ? "\x1b[" + std::string(code) + "m" + text + "\x1b[0m" : text;
  }
  bool on_;
};

}  // namespace heddle::internal

#endif  // HEDDLE_HARNESS_REPORT_TEXT_LAYOUT_H_
