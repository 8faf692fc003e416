#include "tools/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace heddle {
namespace {

constexpr int kDefaultWidth = 100;
constexpr int kLeastWidth = 60;

std::string Colored(std::string_view text, std::string_view code, bool color) {
  if (!color) return std::string(text);
  return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

}  // namespace

bool IsTerminal(int fd) { return ::isatty(fd) == 1; }

bool TakesEscapes(int fd) {
  const char* const kind = std::getenv("TERM");
  return IsTerminal(fd) && (kind == nullptr || std::string_view(kind) != "dumb");
}

bool UseColor(int fd) {
  const char* const no_color = std::getenv("NO_COLOR");
  return TakesEscapes(fd) && (no_color == nullptr || *no_color == '\0');
}

int Columns(int fd) {
  winsize size = {};
  return ::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 ? kDefaultWidth : size.ws_col;
}

int Width(int fd) {
  const int columns = Columns(fd);
  return columns < kLeastWidth ? kLeastWidth : columns;
}

std::string Green(std::string_view text, bool color) { return Colored(text, "32", color); }
std::string Red(std::string_view text, bool color) { return Colored(text, "1;31", color); }

}  // namespace heddle
