#include "config/suggestion.h"

#include <algorithm>
#include <vector>

namespace Quern::config {

namespace {

/// Longer words are no typing errors, and the distance takes time by the product of both lengths.
constexpr qsizetype longestWord = 64;
constexpr qsizetype shortestPrefix = 4;

/// Letters to add, drop, change or swap with their neighbour (Damerau–Levenshtein, optimal string alignment).
qsizetype editDistance(const QString &a, const QString &b)
{
    const auto width = size_t(b.size()) + 1;
    std::vector<qsizetype> beforeLast(width);
    std::vector<qsizetype> last(width);
    std::vector<qsizetype> current(width);
    for (size_t j = 0; j < width; ++j)
        last[j] = qsizetype(j);
    for (qsizetype i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (qsizetype j = 1; j <= b.size(); ++j) {
            const auto at = size_t(j);
            const qsizetype change = a[i - 1] == b[j - 1] ? 0 : 1;
            current[at] = std::min({last[at] + 1, current[at - 1] + 1, last[at - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                current[at] = std::min(current[at], beforeLast[at - 2] + 1);
        }
        beforeLast.swap(last);
        last.swap(current);
    }
    return last.back();
}

bool oneBeginsTheOther(const QString &a, const QString &b)
{
    return std::min(a.size(), b.size()) >= shortestPrefix && (a.startsWith(b) || b.startsWith(a));
}

} // namespace

QString nearestWord(const QString &word, const QStringList &candidates)
{
    if (word.size() > longestWord)
        return {};
    const QString lower = word.toLower();
    QString nearest;
    qsizetype nearestDistance = std::max<qsizetype>(1, lower.size() / 3) + 1;
    for (const QString &candidate : candidates) {
        const qsizetype distance = editDistance(lower, candidate);
        if (distance < nearestDistance) {
            nearest = candidate;
            nearestDistance = distance;
        }
    }
    if (!nearest.isEmpty())
        return nearest;
    const auto it = std::find_if(candidates.begin(), candidates.end(),
                                 [&lower](const QString &candidate) { return oneBeginsTheOther(lower, candidate); });
    return it == candidates.end() ? QString() : *it;
}

} // namespace Quern::config
