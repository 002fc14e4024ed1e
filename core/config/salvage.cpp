#include "config/salvage.h"

#include <QRegularExpression>
#include <QStringList>

namespace Quern::config {

namespace {

const QString keyName = QStringLiteral("runtime_dir");

/// The name in a line such as `[server]`, which may lack its end.
QString tableName(const QString &line)
{
    static const QRegularExpression header(QStringLiteral("\\A\\[+\\s*([^\\]#]*)"));
    return header.match(line).captured(1).trimmed();
}

} // namespace

std::optional<TomlValue> salvageRuntimeDirectory(const QByteArray &bytes)
{
    static const QRegularExpression bare(QStringLiteral("\\Aruntime_dir\\s*="));
    static const QRegularExpression dotted(QStringLiteral("\\Aserver\\s*\\.\\s*runtime_dir\\s*="));
    TomlValue document;
    QString table;
    int number = 0;
    const QStringList lines = QString::fromUtf8(bytes).split(u'\n');
    for (const QString &whole : lines) {
        ++number;
        const QString line = whole.trimmed();
        if (line.startsWith(u'#'))
            continue;
        if (line.startsWith(u'['))
            table = tableName(line);
        if (!line.contains(keyName) || (!table.isEmpty() && table != u"server"))
            continue;
        const bool isPlain = table.isEmpty() ? dotted.match(line).hasMatch() : bare.match(line).hasMatch();
        const Result<TomlValue> parsed = parseToml(line.mid(line.indexOf(keyName)).toUtf8(), {});
        if (!isPlain || !document.entries.empty() || !parsed || parsed->entries.size() != 1)
            return std::nullopt;
        TomlValue server;
        server.entries = parsed->entries;
        server.entries.front().line = number;
        server.entries.front().value.line = number;
        document.entries.push_back({QStringLiteral("server"), number, server});
    }
    return document;
}

} // namespace Quern::config
