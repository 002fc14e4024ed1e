#pragma once

#include <QFile>
#include <QRegularExpression>
#include <QStringList>

/// What the tests of the guides share: each has the code of one guide, as it stands there, in its own source.
namespace Quern::guide {

inline QString textOf(const char *path)
{
    QFile file(QString::fromUtf8(path));
    if (!file.open(QIODevice::ReadOnly))
        qFatal("%s cannot be read", path);
    return QString::fromUtf8(file.readAll());
}

inline QString withoutSpace(QString text)
{
    return text.removeIf([](QChar c) { return c.isSpace(); });
}

/// The blocks of a guide in Markdown that are indented by four spaces, blank lines between them included.
inline QStringList snippets(const char *path)
{
    static const QRegularExpression block(QStringLiteral("(?:^    .*\\n(?:\\n(?=    ))?)+"),
                                          QRegularExpression::MultilineOption);
    QStringList found;
    const QString text = textOf(path);
    for (auto each = block.globalMatch(text); each.hasNext();)
        found << each.next().captured();
    return found;
}

/// What of the snippet is not in the source file; empty when all of it is. Parts of a snippet, with blank lines between
/// them, may stand apart in the source: a handler and what it is for.
inline QString missingOf(const QString &snippet, const char *sourcePath)
{
    const QString source = withoutSpace(textOf(sourcePath));
    const QStringList parts = snippet.split(QStringLiteral("\n\n"));
    for (const QString &part : parts) {
        if (!source.contains(withoutSpace(part)))
            return part;
    }
    return {};
}

} // namespace Quern::guide
