#include "settingsfile.h"

#include "config/describe.h"
#include "config/difference.h"
#include "config/effective.h"
#include "config/processkeys.h"

#include <QSet>
#include <QTest>

#include <functional>

using namespace Quern;
using namespace Quern::config;
using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;

namespace {

using Check = std::function<bool(const ProcessSettings &)>;

struct Row
{
    const char *line;
    Check isRead;
};

QList<Row> rows()
{
    return {
        {"name = \"a-B_9\"", [](const auto &p) { return p.name == u"a-B_9"; }},
        {"enable = false", [](const auto &p) { return !p.enable; }},
        {"num = 3", [](const auto &p) { return p.num == 3; }},
        {"restart_interval = 0.5", [](const auto &p) { return p.restartInterval == 500ms; }},
        {"restart_interval = 0", [](const auto &p) { return p.restartInterval == 0ms; }},
        {"start_seconds = 2", [](const auto &p) { return p.startSeconds == 2s; }},
        {"start_retries = 0", [](const auto &p) { return p.startRetries == 0; }},
        {"redirect = true\npipe = \"stream\"", [](const auto &p) { return p.redirect; }},
        {"pipe = \"datagram\"", [](const auto &p) { return p.pipe == PipeMode::Datagram; }},
        {"memory_limit = \"64M\"", [](const auto &p) { return p.memoryLimit == 64 << 20; }},
        {"pipe_buffer = \"64K\"", [](const auto &p) { return p.pipeBuffer == 65536; }},
        {"queue = { mode = \"addressed\", capacity = 5, memory = \"1M\" }",
         [](const auto &p) {
             return p.queue == QueueSettings{QueueSharing::Addressed, 5, 1 << 20};
         }},
        {"queue = {}", [](const auto &p) { return p.queue.mode == QueueSharing::Shared; }},
        {"parameters = { relay = \"here\" }",
         [](const auto &p) {
             return p.parameters == QVariantMap{{u"relay"_s, u"here"_s}};
         }},
    };
}

const QByteArray mailer("[[process]]\nhandler = \"mailer\"\n");

Settings loaded(const QByteArray &toml)
{
    const Result<Settings> settings = SettingsFile::load(toml);
    if (!settings)
        qFatal("%s", qPrintable(settings.error().message()));
    return *settings;
}

} // namespace

/// What [[process]] entries make of the settings, and what is told of those that are wrong.
class tst_ProcessSettings : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void defaults();
    void everyKey_data();
    void everyKey();
    void everyKeyIsCovered();
    void oneMistake_data();
    void oneMistake();
    void effectiveTextReadsBack();
    void secretsAreMasked();
    void changesHoldAfterAReload();
};

void tst_ProcessSettings::defaults()
{
    const SettingsFile file;
    const Settings settings = loaded(mailer);
    ProcessSettings expected;
    expected.name = expected.handler = u"mailer"_s;
    QCOMPARE(settings.processes, QList<ProcessSettings>{expected});
    QCOMPARE(settings.origins.value(u"process[0].handler"_s), u"quern.toml:2"_s);
    QVERIFY(loaded(QByteArray("[server]\n")).processes.isEmpty());
}

void tst_ProcessSettings::everyKey_data()
{
    QTest::addColumn<int>("row");
    const QList<Row> all = rows();
    for (int i = 0; i < all.size(); ++i)
        QTest::newRow(all.at(i).line) << i;
}

void tst_ProcessSettings::everyKey()
{
    QFETCH(const int, row);
    const Row tried = rows().at(row);
    const SettingsFile file;
    QVERIFY(tried.isRead(loaded(mailer + tried.line + '\n').processes.constFirst()));
    QVERIFY(!tried.isRead(loaded(mailer).processes.constFirst()));
}

void tst_ProcessSettings::everyKeyIsCovered()
{
    QSet<QString> covered = {u"handler"_s};
    for (const Row &row : rows())
        covered.insert(QString::fromLatin1(row.line).section(u' ', 0, 0));
    const QStringList names = processKeyNames();
    QCOMPARE(covered, QSet<QString>(names.begin(), names.end()));
}

void tst_ProcessSettings::oneMistake_data()
{
    QTest::addColumn<QByteArray>("toml");
    QTest::addColumn<QString>("told");
    const auto row = [](const char *line, const char *told) {
        QTest::newRow(line) << mailer + line + '\n' << u"quern.toml:3: process."_s + QString::fromUtf8(told);
    };
    row("enabled = true", "enabled: unknown key; did you mean enable?");
    row("name = \"a b\"",
        "name: must be a name of letters, digits, \"_\" and \"-\", not the string \"a b\"; write name = "
        "\"mailer\"");
    row("num = 0", "num: must be an integer from 1 to 1000, not 0; write num = 1");
    row("restart_interval = -1", "restart_interval: must be a number of seconds from 0 to 86400, not -1; write "
                                 "restart_interval = 5");
    row("start_retries = \"many\"",
        "start_retries: must be an integer from 0 to 1000000, not the string \"many\"; write "
        "start_retries = 5");
    row("redirect = true", "redirect: needs a pipe whose bytes run together; write pipe = \"stream\" beside it");
    row("pipe = \"steam\"", "pipe: must be one of \"none\", \"stream\", \"datagram\", not the string \"steam\"; write "
                            "pipe = \"stream\"");
    row("pipe_buffer = 5", "pipe_buffer: must be a size from \"1K\" to \"1G\", not 5; write pipe_buffer = \"1M\"");
    row("queue = \"shared\"", "queue: must be a table, not the string \"shared\"; write queue = { mode = \"shared\", "
                              "capacity = 1000 }");
    row("queue = { mode = \"all\" }", "queue.mode: must be one of \"none\", \"shared\", \"addressed\", not the string "
                                      "\"all\"; write queue.mode = \"shared\"");
    row("queue = { capacity = 0 }",
        "queue.capacity: must be an integer from 1 to 100000000, not 0; write queue.capacity = 1");
    row("queue = { size = 1 }", "queue.size: unknown key; remove it");
    row("parameters = 1", "parameters: must be a table, not 1; write parameters = { pause = 10 }");
    QTest::newRow("no handler") << QByteArray("[[process]]\nname = \"x\"\n")
                                << u"quern.toml:1: process: names no handler; write handler = \"…\", as a plugin "
                                   "registers it with app.process()"_s;
    QTest::newRow("twice")
        << mailer + mailer
        << u"quern.toml:4: process.handler: another process is called \"mailer\" already; write name "
           "= \"process-2\""_s;
    QTest::newRow("single brackets") << QByteArray("[process]\nhandler = \"x\"\n")
                                     << u"quern.toml:1: process: must be a list of tables, not a table; write "
                                        "[[process]], in double brackets"_s;
    QTest::newRow("misspelt") << QByteArray("[[proces]]\nhandler = \"x\"\n")
                              << u"quern.toml:1: proces: unknown table; did you mean [[process]]?"_s;
}

void tst_ProcessSettings::oneMistake()
{
    QFETCH(const QByteArray, toml);
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load(toml);
    QVERIFY(!settings.ok());
    QTEST(settings.error().message(), "told");
}

void tst_ProcessSettings::effectiveTextReadsBack()
{
    const SettingsFile file;
    QByteArray toml = mailer;
    for (const Row &row : rows()) {
        if (!QByteArray(row.line).startsWith("pipe =") && !QByteArray(row.line).startsWith("queue = {}") &&
            !QByteArray(row.line).startsWith("restart_interval = 0.5"))
            toml += QByteArray(row.line) + '\n';
    }
    const Settings settings = loaded(toml);
    QCOMPARE(loaded(effectiveToml(settings)).processes, settings.processes);
    bool isDescribed = false;
    for (const SettingInfo &info : describe(settings))
        isDescribed = isDescribed || (info.key == u"process[0].num" && info.value == u"3");
    QVERIFY(isDescribed);
}

void tst_ProcessSettings::secretsAreMasked()
{
    const SettingsFile file;
    const Settings settings = loaded(mailer + "parameters = { password = \"hush\", relay = \"here\" }\n");
    QVERIFY(!effectiveToml(settings).contains("hush"));
    QVERIFY(effectiveToml(settings).contains("here"));
    QVERIFY(effectiveToml(settings, Secrets::Shown).contains("hush"));
}

void tst_ProcessSettings::changesHoldAfterAReload()
{
    const SettingsFile file;
    const Settings running = loaded(mailer);
    const Settings next = loaded(mailer + "num = 2\n[[process]]\nhandler = \"ticker\"\n");
    QCOMPARE(changedKeys(running, next, Change::Reload), QStringList({u"process mailer: num"_s, u"process ticker"_s}));
    QCOMPARE(changedKeys(next, running, Change::Reload), QStringList({u"process mailer: num"_s, u"process ticker"_s}));
    QVERIFY(changedKeys(running, next, Change::Restart).isEmpty());
    QCOMPARE(afterReload(running, next).processes, next.processes);
}

QTEST_GUILESS_MAIN(tst_ProcessSettings)
#include "tst_processsettings.moc"
