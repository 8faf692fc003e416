#include "tools/case_choice.h"

#include <fnmatch.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace heddle {
namespace {

// Levenshtein's distance.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, substituted});
    }
  }
  return row.back();
}

std::string_view WithoutFolder(std::string_view name) {
  const size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

}  // namespace

std::vector<std::string> Nearest(std::string_view wrong, const std::vector<std::string>& names) {
  constexpr size_t kShown = 3;
  std::vector<std::pair<size_t, std::string>> ranked;
  for (const std::string& name : names) {
    size_t distance = Distance(wrong, name);
    // "ab_ba" for "deadlock/ab_ba", "data_race/x" for "race/x".
    if (!wrong.empty() && name.find(wrong) != std::string::npos) distance = 0;
    distance = std::min(distance, 1 + Distance(WithoutFolder(wrong), WithoutFolder(name)));
    if (distance <= 1 + std::max(wrong.size(), size_t{3}) / 3) ranked.emplace_back(distance, name);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> nearest;
  for (size_t i = 0; i < std::min(kShown, ranked.size()); ++i) {
    nearest.push_back(std::move(ranked[i].second));
  }
  return nearest;
}

std::string NearestWord(std::string_view wrong, const std::vector<std::string>& words) {
  constexpr size_t kFarthest = 2;
  std::string nearest;
  size_t least = kFarthest + 1;
  for (const std::string& word : words) {
    const size_t distance = word.starts_with(wrong) ? 0 : Distance(wrong, word);
    if (distance >= least) continue;
    least = distance;
    nearest = word;
  }
  return nearest;
}

std::vector<const Case*> CasesMatching(std::string_view glob, std::string* error) {
  std::vector<const Case*> chosen;
  std::vector<std::string> names;
  const std::string pattern(glob.empty() ? "*" : glob);
  for (const Case& listed : AllCases()) {
    names.push_back(listed.name);
    if (::fnmatch(pattern.c_str(), listed.name.c_str(), 0) == 0) chosen.push_back(&listed);
  }
  if (!chosen.empty()) return chosen;
  if (names.empty()) {
    *error = "this program has no cases; register one with heddle::RegisterCase";
    return chosen;
  }
  *error = "no case matches '" + pattern + "'";
  const std::vector<std::string> nearest = Nearest(glob, names);
  if (!nearest.empty()) {
    *error += "; did you mean ";
    for (size_t i = 0; i < nearest.size(); ++i) *error += (i > 0 ? ", " : "") + nearest[i];
    *error += "?";
  }
  *error += " (`list` shows all " + std::to_string(names.size()) + ")";
  return chosen;
}

}  // namespace heddle
