#include "config/describe.h"
#include "config/keytable.h"
#include "config/loader.h"

#include <QFile>

#include <cstdio>

// Writes the manual page of quern.toml: the template, a file, with lists of the keys of [server], [tasks], [admin],
// [metrics], [reload], [[socket]] and [[cron]] in place of a line each. Part of the build, and not installed.

using namespace Quern;

namespace {

/// \a text as mdoc(7) takes it in a line of text.
QString roff(QString text)
{
    text.replace(u'\\', QStringLiteral("\\e"));
    // `quern start`: what stands between two of them is code.
    for (bool opens = true; text.contains(u'`'); opens = !opens)
        text.replace(text.indexOf(u'`'), 1, opens ? QStringLiteral("\\(oq") : QStringLiteral("\\(cq"));
    if (text.startsWith(u'.') || text.startsWith(u'\''))
        text.prepend(QStringLiteral("\\&"));
    return text;
}

QString sentence(QString text)
{
    if (!text.endsWith(u'.'))
        text += u'.';
    return roff(text) + u'\n';
}

QString whenChanged(config::Change change)
{
    switch (change) {
    case config::Change::Live:
        return QStringLiteral("A change takes effect with `quern reload`, without new workers");
    case config::Change::Reload:
        return QStringLiteral("A change takes effect with `quern reload`");
    case config::Change::Restart:
        return QStringLiteral("A change needs `quern restart`");
    }
    Q_UNREACHABLE();
}

QString entryOf(const config::SettingInfo &info)
{
    const QString key = info.key.section(u'.', 1);
    QString entry = QStringLiteral(".It Ic %1\n").arg(key);
    entry += sentence(info.doc);
    if (!info.unit.isEmpty())
        entry += sentence(QStringLiteral("Unit: ") + info.unit);
    entry += sentence(QStringLiteral("Default: ") + (info.derived.isEmpty() ? info.defaultValue : info.derived));
    return entry + sentence(whenChanged(info.change));
}

/// The keys that every [[socket]] has.
QString socketKeys()
{
    QString entries;
    for (const config::SettingInfo &info : config::describeSocketKeys())
        entries += entryOf(info);
    return entries;
}

/// The keys of every [[process]].
QString processKeys()
{
    QString entries;
    for (const config::SettingInfo &info : config::describeProcessKeys())
        entries += entryOf(info);
    return entries;
}

/// The keys that every [[cron]] has.
QString cronKeys()
{
    QString entries;
    for (const config::SettingInfo &info : config::describeCronKeys())
        entries += entryOf(info);
    return entries;
}

/// The names of the keys of [server] that a [[socket]] may have as well, one a line.
QString portKeys()
{
    QString lines;
    const QStringList names = config::portKeyNames();
    for (const QString &name : names)
        lines += QStringLiteral(".Ic %1%2\n")
                     .arg(name, name == names.constLast() ? QStringLiteral(" .") : QStringLiteral(" ,"));
    return lines;
}

QString keysOf(QLatin1StringView table)
{
    QString entries;
    const QList<config::SettingInfo> infos = config::describe(config::defaults(QStringLiteral("/")));
    for (const config::SettingInfo &info : infos) {
        if (info.key.startsWith(table + u'.'))
            entries += entryOf(info);
    }
    return entries;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3) {
        std::fputs("usage: quern-manpage TEMPLATE OUTPUT\n", stderr);
        return 2;
    }
    QFile page(QFile::decodeName(argv[1]));
    if (!page.open(QIODevice::ReadOnly)) {
        std::fprintf(stderr, "cannot read %s\n", argv[1]);
        return 1;
    }
    QString text = QString::fromUtf8(page.readAll());
    text.replace(QStringLiteral("@SERVER_KEYS@\n"), keysOf(QLatin1StringView("server")));
    text.replace(QStringLiteral("@TASKS_KEYS@\n"), keysOf(QLatin1StringView("tasks")));
    text.replace(QStringLiteral("@ADMIN_KEYS@\n"), keysOf(QLatin1StringView("admin")));
    text.replace(QStringLiteral("@METRICS_KEYS@\n"), keysOf(QLatin1StringView("metrics")));
    text.replace(QStringLiteral("@RELOAD_KEYS@\n"), keysOf(QLatin1StringView("reload")));
    text.replace(QStringLiteral("@SOCKET_KEYS@\n"), socketKeys());
    text.replace(QStringLiteral("@PROCESS_KEYS@\n"), processKeys());
    text.replace(QStringLiteral("@PORT_KEYS@\n"), portKeys());
    text.replace(QStringLiteral("@CRON_KEYS@\n"), cronKeys());
    QFile output(QFile::decodeName(argv[2]));
    if (!output.open(QIODevice::WriteOnly) || output.write(text.toUtf8()) < 0 || !output.flush()) {
        std::fprintf(stderr, "cannot write %s\n", argv[2]);
        return 1;
    }
    return 0;
}
