#include "settingsfile.h"

#include "config/describe.h"

#include <QHash>
#include <QRegularExpression>
#include <QSet>
#include <QTest>

#include <algorithm>

using namespace Quern;
using namespace Quern::config;

/// The description of each setting, and the commented default file that must agree with it.
class tst_Describe : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void effectiveValueDefaultAndOrigin();
    void pluginsFollow();
    void everyValueReadsBack();
    void defaultFileLoadsAndEqualsTheDefaults();
    void defaultFileShowsEveryKeyWithItsDefault();
    void defaultFileShowsWhenAChangeTakesEffect();
    void defaultFileWithEveryKeySwitchedOn();
};

namespace {

QByteArray defaultFile()
{
    QFile file(QStringLiteral(QUERN_DEFAULT_FILE));
    if (!file.open(QIODevice::ReadOnly))
        qFatal("cannot read %s", QUERN_DEFAULT_FILE);
    return file.readAll();
}

/// The lines of one table of the default file: up to what begins the next.
QList<QByteArray> defaultLines(const QByteArray &table, const QByteArray &next)
{
    const QByteArray file = defaultFile();
    const qsizetype begin = file.indexOf(table);
    return file.mid(begin, file.indexOf(next, begin + 1) - begin).split('\n');
}

SettingInfo find(const QList<SettingInfo> &infos, const QString &key)
{
    for (const SettingInfo &info : infos) {
        if (info.key == key)
            return info;
    }
    return {};
}

} // namespace

void tst_Describe::effectiveValueDefaultAndOrigin()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("[server]\n"
                                                         "max_wait_time = 0.5\n"
                                                         "package_max_length = 8388608\n"
                                                         "listen = [\"127.0.0.1:1\", \"[::1]:1\"]\n"
                                                         "dispatch_mode = 1\n"
                                                         "log_file = \"a.log\"\n");
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    const QList<SettingInfo> infos = describe(*settings);

    const SettingInfo wait = find(infos, QStringLiteral("server.max_wait_time"));
    QCOMPARE(wait.value, QStringLiteral("0.5"));
    QCOMPARE(wait.defaultValue, QStringLiteral("3"));
    QCOMPARE(wait.origin, QStringLiteral("quern.toml:2"));
    QCOMPARE(wait.unit, QStringLiteral("seconds"));
    QCOMPARE(wait.derived, QString());
    QVERIFY(wait.doc.startsWith(u"How long a worker"));

    QCOMPARE(find(infos, QStringLiteral("server.package_max_length")).value, QStringLiteral("\"8M\""));
    QCOMPARE(find(infos, QStringLiteral("server.listen")).value, QStringLiteral("[\"127.0.0.1:1\", \"[::1]:1\"]"));
    QCOMPARE(find(infos, QStringLiteral("server.dispatch_mode")).value, QStringLiteral("\"round-robin\""));
    QCOMPARE(find(infos, QStringLiteral("server.log_file")).value,
             QStringLiteral("\"%1/a.log\"").arg(file.directory()));
    QCOMPARE(find(infos, QStringLiteral("server.daemonize")).value, QStringLiteral("false"));
    QCOMPARE(find(infos, QStringLiteral("server.daemonize")).origin, QStringLiteral("default"));
    QCOMPARE(find(infos, QStringLiteral("server.worker_num")).derived, QStringLiteral("one for each processor core"));
    QCOMPARE(find(infos, QStringLiteral("server.runtime_dir")).defaultValue, QStringLiteral("\".quern\""));
    QCOMPARE(find(infos, QStringLiteral("server.runtime_dir")).value,
             QStringLiteral("\"%1/.quern\"").arg(file.directory()));
}

void tst_Describe::pluginsFollow()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("[[plugin]]\n"
                                                         "name = \"welcome\"\n"
                                                         "settings = { greeting = \"hi\" }\n"
                                                         "[[plugin]]\n"
                                                         "file = \"/opt/libshop.so\"\n"
                                                         "enabled = false\n");
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    const QList<SettingInfo> infos = describe(*settings);
    QCOMPARE(find(infos, QStringLiteral("plugin[0].name")).value, QStringLiteral("\"welcome\""));
    QCOMPARE(find(infos, QStringLiteral("plugin[0].enabled")).origin, QStringLiteral("default"));
    QCOMPARE(find(infos, QStringLiteral("plugin[0].settings")).value, QStringLiteral("{ greeting = \"hi\" }"));
    QCOMPARE(find(infos, QStringLiteral("plugin[1].file")).value, QStringLiteral("\"/opt/libshop.so\""));
    QCOMPARE(find(infos, QStringLiteral("plugin[1].enabled")).value, QStringLiteral("false"));
    QCOMPARE(find(infos, QStringLiteral("plugin[1].enabled")).origin, QStringLiteral("quern.toml:6"));
}

void tst_Describe::everyValueReadsBack()
{
    const SettingsFile file;
    const Settings expected = defaults(file.directory());
    QByteArray text;
    for (const SettingInfo &info : describe(expected)) {
        if (!info.key.startsWith(u"plugin"))
            text += info.key.toUtf8() + " = " + info.value.toUtf8() + '\n';
    }
    const Result<Settings> settings = SettingsFile::load(text);
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    QCOMPARE(settings->server, expected.server);
}

void tst_Describe::defaultFileLoadsAndEqualsTheDefaults()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load(defaultFile());
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    const Settings expected = defaults(file.directory());
    QCOMPARE(settings->server, expected.server);
    QCOMPARE(settings->plugins, expected.plugins);
    QCOMPARE(settings->origins, expected.origins);
    QVERIFY(settings->defaultPlugin);
}

void tst_Describe::defaultFileShowsEveryKeyWithItsDefault()
{
    const QHash<QString, QList<QByteArray>> tables = {
        {QStringLiteral("server"), defaultLines("\n[server]\n", "\n[tasks]\n")},
        {QStringLiteral("tasks"), defaultLines("\n[tasks]\n", "\n[admin]\n")},
        {QStringLiteral("admin"), defaultLines("\n[admin]\n", "\n[metrics]\n")},
        {QStringLiteral("metrics"), defaultLines("\n[metrics]\n", "\n[reload]\n")},
        {QStringLiteral("reload"), defaultLines("\n[reload]\n", "\n#[[socket]]\n")},
        {QStringLiteral("socket"), defaultLines("\n#[[socket]]\n", "\n#[[process]]\n")},
        {QStringLiteral("process"), defaultLines("\n#[[process]]\n", "\n#[[cron]]\n")},
        {QStringLiteral("cron"), defaultLines("\n#[[cron]]\n", "\n#[[plugin]]\n")},
    };
    for (const SettingInfo &info : describe(defaults(QStringLiteral("/srv"))) + describeSocketKeys() +
                                       describeProcessKeys() + describeCronKeys()) {
        if (info.key.startsWith(u"plugin"))
            continue;
        const QList<QByteArray> lines = tables.value(info.key.section(u'.', 0, 0));
        const QByteArray beginning = '#' + info.key.section(u'.', 1).toUtf8() + " = ";
        const auto isShown = [&beginning](const QByteArray &line) { return line.startsWith(beginning); };
        const auto it = std::find_if(lines.begin(), lines.end(), isShown);
        QVERIFY2(it != lines.end(), qPrintable(info.key));
        QVERIFY2(std::none_of(it + 1, lines.end(), isShown), qPrintable(info.key));
        // The sentence that explains the key is the one that `describe` gives.
        const QString above = QString::fromUtf8(lines.mid(std::max<qsizetype>(0, it - lines.begin() - 3), 3).join(' '));
        const QString sentence = info.doc.section(QRegularExpression(QStringLiteral("[:;.,]")), 0, 0);
        QVERIFY2(above.contains(sentence), qPrintable(QStringLiteral("%1: %2").arg(info.key, sentence)));
        if (info.derived.isEmpty())
            QCOMPARE(*it, beginning + info.defaultValue.toUtf8());
        else if (info.key != u"socket.listen" && info.key != u"process.handler")
            QVERIFY2(above.contains(info.derived), qPrintable(info.key));
    }
}

void tst_Describe::defaultFileShowsWhenAChangeTakesEffect()
{
    const QHash<QString, QList<QByteArray>> tables = {
        {QStringLiteral("server"), defaultLines("\n[server]\n", "\n[tasks]\n")},
        {QStringLiteral("tasks"), defaultLines("\n[tasks]\n", "\n[admin]\n")},
        {QStringLiteral("admin"), defaultLines("\n[admin]\n", "\n[metrics]\n")},
        {QStringLiteral("metrics"), defaultLines("\n[metrics]\n", "\n[reload]\n")},
        {QStringLiteral("reload"), defaultLines("\n[reload]\n", "\n#[[socket]]\n")},
    };
    QList<int> seen(3);
    for (const SettingInfo &info : describe(defaults(QStringLiteral("/srv")))) {
        if (info.key.startsWith(u"plugin"))
            continue;
        const QList<QByteArray> lines = tables.value(info.key.section(u'.', 0, 0));
        qsizetype at = 0;
        while (!lines.at(at).startsWith('#' + info.key.section(u'.', 1).toUtf8() + " = "))
            ++at;
        while (lines.at(at - 1).startsWith("# "))
            --at;
        const QByteArray explanation = lines.at(at);
        const bool isLive = explanation.startsWith("# (live) ");
        const bool isRestart = explanation.startsWith("# (restart) ");
        QVERIFY2(isLive == (info.change == Change::Live), qPrintable(info.key));
        QVERIFY2(isRestart == (info.change == Change::Restart), qPrintable(info.key));
        ++seen[int(info.change)];
    }
    QVERIFY(seen.at(int(Change::Live)) > 0 && seen.at(int(Change::Reload)) > 0 && seen.at(int(Change::Restart)) > 0);
}

void tst_Describe::defaultFileWithEveryKeySwitchedOn()
{
    const SettingsFile file;
    QString text = QString::fromUtf8(defaultFile());
    text.replace(QRegularExpression(QStringLiteral("^#([a-z_]+ = |\\[)"), QRegularExpression::MultilineOption),
                 QStringLiteral("\\1"));
    const Result<Settings> settings = SettingsFile::load(text.toUtf8());
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    QCOMPARE(settings->plugins.size(), 2);
    ProcessSettings process;
    process.name = process.handler = QStringLiteral("mailer");
    QCOMPARE(settings->processes, QList<ProcessSettings>{process});
    SocketSettings socket;
    socket.name = socket.handler = QStringLiteral("telnet");
    socket.listen = {ListenAddress::tcp(QStringLiteral("127.0.0.1"), 5201)};
    socket.own = settings->server;
    QCOMPARE(settings->sockets, QList<SocketSettings>{socket});
    QCOMPARE(settings->crons.size(), 2);
    for (const SettingInfo &info : describe(*settings)) {
        if (info.key.startsWith(u"server.") || info.key.startsWith(u"tasks."))
            QVERIFY2(info.origin != u"default", qPrintable(info.key));
    }
    ServerSettings expected = defaults(file.directory()).server;
    expected.workerNum = settings->server.workerNum;
    expected.reactorNum = settings->server.reactorNum;
    QCOMPARE(settings->server, expected);
}

QTEST_GUILESS_MAIN(tst_Describe)
#include "tst_describe.moc"
