// Who reads the output: a person at a terminal, or a file.
#ifndef HEDDLE_TOOLS_TERMINAL_H_
#define HEDDLE_TOOLS_TERMINAL_H_

#include <string>
#include <string_view>

namespace heddle {

bool IsTerminal(int fd);
// A terminal that can move its cursor: TERM is not "dumb".
bool TakesEscapes(int fd);
// Whether to use colours on `fd`: such a terminal, and NO_COLOR (https://no-color.org) is not set.
bool UseColor(int fd);
// Of the terminal; 100 where there is none.
int Columns(int fd);
// The same, for text that is laid out: no less than 60.
int Width(int fd);

std::string Green(std::string_view text, bool color);
std::string Red(std::string_view text, bool color);

}  // namespace heddle

#endif  // HEDDLE_TOOLS_TERMINAL_H_
