#include "harness/report/symbol_name.h"

#include <cxxabi.h>

#include <array>
#include <cctype>
#include <cstdlib>
#include <memory>

namespace heddle::internal {
namespace {

constexpr std::string_view kAnonymousNamespace = "(anonymous namespace)";
constexpr std::string_view kLambda = "lambda";

// Longest first, so that the first that matches is the right one.
constexpr std::array<std::string_view, 40> kOperators = {
    "<=>", "<<=", ">>=", "->*", "()", "[]", "->", "++", "--", "<<", ">>", "<=",  ">=", "==",
    "!=",  "&&",  "||",  "+=",  "-=", "*=", "/=", "%=", "^=", "&=", "|=", "+",   "-",  "*",
    "/",   "%",   "^",   "&",   "|",  "~",  "!",  "=",  "<",  ">",  ",",  "\"\""};

bool IsIdentifier(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// The position after the bracket that closes the one at `i`. Inside parentheses, "<" and ">" may be
// comparisons.
size_t SkipBalanced(std::string_view s, size_t i) {
  const char open = s[i];
  const char close = open == '<' ? '>' : open == '(' ? ')' : open == '{' ? '}' : ']';
  size_t depth = 0;
  while (i < s.size()) {
    const char c = s[i];
    if (c == open) {
      ++depth;
    } else if (c == close && !(c == '>' && i > 0 && s[i - 1] == '-')) {
      if (--depth == 0) return i + 1;
    } else if (open == '<' && c == '(') {
      i = SkipBalanced(s, i);
      continue;
    }
    ++i;
  }
  return s.size();
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  NameParts Parse() {
    while (i_ < text_.size() && Step()) {
    }
    EndPart();
    return std::move(parts_);
  }

 private:
  bool At(std::string_view token) const { return text_.substr(i_, token.size()) == token; }

  void EndPart() {
    if (!part_.empty()) parts_.push_back(std::move(part_));
    part_.clear();
  }

  // Consumes one token; false when the rest is no part of the name.
  bool Step() {
    const char c = text_[i_];
    if (At(kAnonymousNamespace)) {
      i_ += kAnonymousNamespace.size();
    } else if (At("::")) {
      EndPart();
      i_ += 2;
    } else if (part_.empty() && At("operator") && i_ + 8 < text_.size() &&
               !IsIdentifier(text_[i_ + 8])) {
      Operator();
    } else if (c == '<' || c == '(' || c == '[') {
      i_ = SkipBalanced(text_, i_);
    } else if (c == '{') {
      Braces();
    } else if (c == '$' && At("$_")) {  // clang's name for a lambda without linkage
      i_ += 2;
      const int index = Number();
      part_ = LambdaPart(index);
    } else if (c == ' ') {
      return Space();
    } else {
      part_ += c;
      ++i_;
    }
    return true;
  }

  // "operator" and its symbol, or the type of a conversion, "new", "delete[]" up to the parameters.
  void Operator() {
    part_ = "operator";
    i_ += part_.size();
    for (const std::string_view symbol : kOperators) {
      if (!At(symbol)) continue;
      part_ += symbol;
      i_ += symbol.size();
      if (i_ < text_.size() && text_[i_] == ' ') {
        if (symbol == "\"\"") {
          part_ += ' ';
          ++i_;
        } else if (i_ + 1 < text_.size() && text_[i_ + 1] == '<') {
          ++i_;
        }
      }
      return;
    }
    while (i_ < text_.size() && text_[i_] != '(') {
      if (text_[i_] == '<') {
        i_ = SkipBalanced(text_, i_);
      } else {
        part_ += text_[i_++];
      }
    }
  }

  // "{lambda(int)#2}", "{unnamed type#1}".
  void Braces() {
    const size_t end = SkipBalanced(text_, i_);
    const std::string_view inside = text_.substr(i_ + 1, end - i_ - 2);
    i_ = end;
    if (inside.substr(0, kLambda.size()) != kLambda) {
      part_ += "unnamed";
      return;
    }
    const size_t hash = inside.rfind('#');
    const int number = hash == std::string_view::npos ? 1 : std::atoi(inside.data() + hash + 1);
    part_ = LambdaPart(number - 1);
  }

  // A blank ends a return type, or precedes a qualifier or a clone suffix.
  bool Space() {
    ++i_;
    if (At("[")) return false;
    for (const std::string_view qualifier : {"const", "volatile"}) {
      if (At(qualifier) &&
          (i_ + qualifier.size() == text_.size() || !IsIdentifier(text_[i_ + qualifier.size()]))) {
        i_ += qualifier.size();
        return true;
      }
    }
    if (At("&")) {
      while (At("&")) ++i_;
      return true;
    }
    parts_.clear();
    part_.clear();
    return true;
  }

  int Number() {
    int value = 0;
    while (i_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[i_])) != 0) {
      value = value * 10 + (text_[i_++] - '0');
    }
    return value;
  }

  std::string_view text_;
  size_t i_ = 0;
  std::string part_;
  NameParts parts_;
};

bool IsLambda(const std::string& part) { return part == kLambda || part.starts_with("lambda #"); }

std::string JoinRange(const NameParts& parts, size_t begin, size_t end) {
  for (size_t i = end; i-- > begin;) {
    if (!IsLambda(parts[i])) continue;
    const bool call = i + 1 == end || (i + 2 == end && parts[i + 1] == "operator()");
    std::string name =
        call ? "" : JoinRange(parts, i + (parts[i + 1] == "operator()" ? 2 : 1), end) + " in ";
    name += parts[i];
    if (i > begin) name += " in " + JoinRange(parts, begin, i);
    return name;
  }
  std::string name;
  for (size_t i = begin; i < end; ++i) {
    if (i > begin) name += "::";
    name += parts[i];
  }
  return name;
}

}  // namespace

NameParts ParseQualifiedName(std::string_view demangled) { return Parser(demangled).Parse(); }

NameParts ParseSymbol(const char* symbol) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> demangled(
      abi::__cxa_demangle(symbol, nullptr, nullptr, &status), std::free);
  if (status == 0 && demangled != nullptr && std::string_view(symbol).starts_with("_Z")) {
    return ParseQualifiedName(demangled.get());
  }
  // A C name: what follows a dot is the compiler's ("lock.part.0").
  const std::string_view plain(symbol);
  std::string name(plain.substr(0, plain.find_first_of(".@")));
  if (name.empty()) return {};
  return {std::move(name)};
}

std::string LambdaPart(int index) {
  std::string part(kLambda);
  if (index > 0) part += " #" + std::to_string(index + 1);
  return part;
}

std::string JoinName(const NameParts& parts) {
  if (parts.empty()) return "??";
  return JoinRange(parts, 0, parts.size());
}

}  // namespace heddle::internal
