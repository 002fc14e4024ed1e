#include "config/problems.h"

#include "config/suggestion.h"
#include "config/text.h"

#include <algorithm>

namespace Quern::config {

Problems::Problems(QString fileName) : m_fileName(std::move(fileName)) {}

void Problems::add(int line, const QString &key, const QString &text)
{
    m_problems.append({line, key, text});
}

void Problems::addUnknownKey(int line, const QString &key, const QString &name, const QStringList &known)
{
    const QString meant = nearestWord(name, known);
    add(line, key,
        meant.isEmpty() ? Text::tr("unknown key; remove it") : Text::tr("unknown key; did you mean %1?").arg(meant));
}

bool Problems::concern(const QString &key) const
{
    return std::any_of(m_problems.begin(), m_problems.end(),
                       [&key](const Problem &problem) { return problem.key == key; });
}

bool Problems::concern(const QString &key, int line) const
{
    return std::any_of(m_problems.begin(), m_problems.end(),
                       [&](const Problem &problem) { return problem.key == key && problem.line == line; });
}

Error Problems::toError() const
{
    QList<Problem> sorted = m_problems;
    std::stable_sort(sorted.begin(), sorted.end(), [](const Problem &a, const Problem &b) { return a.line < b.line; });
    QStringList lines;
    for (const Problem &problem : std::as_const(sorted))
        lines +=
            QStringLiteral("%1:%2: %3: %4").arg(m_fileName, QString::number(problem.line), problem.key, problem.text);
    return Error(Error::Invalid, lines.join(u'\n'));
}

} // namespace Quern::config
