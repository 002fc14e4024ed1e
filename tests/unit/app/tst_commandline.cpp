#include "app/server/commandline.h"
#include "app/server/commandtable.h"

#include <QTest>

using namespace Quern;
using app::CommandLine;
using Command = CommandLine::Command;

class TestCommandLine : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void commands_data();
    void commands();
    void options();
    void refused_data();
    void refused();
    void helpNamesEverything();
};

void TestCommandLine::commands_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<Command>("command");
    const auto row = [](const char *words, Command command) {
        QTest::newRow(*words ? words : "nothing")
            << QString::fromLatin1(words).split(u' ', Qt::SkipEmptyParts) << command;
    };
    row("", Command::Start);
    row("start", Command::Start);
    row("stop", Command::Stop);
    row("restart", Command::Restart);
    row("reload", Command::Reload);
    row("reload --task-workers", Command::Reload);
    row("scale workers=8 task_workers=4", Command::Scale);
    row("status", Command::Status);
    row("info", Command::Info);
    row("config", Command::Config);
    row("config server.worker_num", Command::Config);
    row("plugin list", Command::Plugin);
    row("plugin check a.so b.so", Command::Plugin);
    row("init", Command::Init);
    row("init shop", Command::Init);
    row("doctor", Command::Doctor);
    row("logs", Command::Logs);
    row("call", Command::Call);
    row("call cron.run {}", Command::Call);
    row("help reload", Command::Help);
    row("help", Command::Help);
    row("-h", Command::Help);
    row("stop --help", Command::Help);
    row("-v", Command::Version);
    row("--version", Command::Version);
    row("--no-gui", Command::Start);
    row("-c file stop", Command::Stop);
}

void TestCommandLine::commands()
{
    QFETCH(const QStringList, arguments);
    const Result<CommandLine> line = CommandLine::parse(arguments);
    QVERIFY2(line, line ? "" : qPrintable(line.error().message()));
    QTEST(line->command, "command");
}

void TestCommandLine::options()
{
    const auto parsed = [](const char *words) {
        const Result<CommandLine> line = CommandLine::parse(QString::fromLatin1(words).split(u' ', Qt::SkipEmptyParts));
        return line ? *line : CommandLine();
    };
    QCOMPARE(parsed("start").configFile, QString());
    QVERIFY(!parsed("start").daemonize);
    QVERIFY(!parsed("status").json);
    QCOMPARE(parsed("-c a.toml start").configFile, QStringLiteral("a.toml"));
    QCOMPARE(parsed("start --config b.toml").configFile, QStringLiteral("b.toml"));
    QCOMPARE(parsed("reload --config=c=d.toml").configFile, QStringLiteral("c=d.toml"));
    QVERIFY(parsed("start -d").daemonize);
    QVERIFY(parsed("--daemonize").daemonize);
    QVERIFY(parsed("restart -d").daemonize);
    QVERIFY(parsed("status --json").json);
    QVERIFY(parsed("reload --task-workers").taskWorkers);
    QVERIFY(!parsed("reload").taskWorkers);
    QCOMPARE(parsed("start -e production").environment, QStringLiteral("production"));
    QCOMPARE(parsed("stop --env=production").environment, QStringLiteral("production"));
    QCOMPARE(parsed("start -x feature/a").versionLabel, QStringLiteral("feature/a"));
    QVERIFY(parsed("restart -i").ignoreLock);
    QVERIFY(parsed("logs -f").follow);
    QCOMPARE(parsed("logs -n 5").lines, QStringLiteral("5"));
    QVERIFY(parsed("config --check").check);
    QCOMPARE(parsed("stop --help").words, QStringList{QStringLiteral("stop")});
    QCOMPARE(parsed("plugin new shop").words, (QStringList{QStringLiteral("new"), QStringLiteral("shop")}));
    QVERIFY(parsed("--json status").json);
}

void TestCommandLine::refused_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("named");
    const auto row = [](const char *words, const char *named) {
        QTest::newRow(words) << QString::fromLatin1(words).split(u' ') << QString::fromLatin1(named);
    };
    row("strat", "strat");
    row("Start", "Start");
    row("--colour", "--colour");
    row("-y", "-y");
    row("-x", "LABEL");
    row("stop -x a", "--x-version");
    row("start -e ../x", "--env");
    row("start -d=1", "-d=1");
    row("start --daemonize=1", "no value");
    row("logs extra", "extra");
    row("plugin", "new NAME");
    row("init a b", "[DIRECTORY]");
    row("scale", "[workers=N]");
    row("start --task-workers", "--task-workers");
    row("call a b c", "METHOD [JSON]");
    row("call server.status --json", "--json");
    row("start -c", "-c");
    row("--config", "--config");
    row("--config=", "--config needs");
    row("-c  stop", "-c");
    row("stop -d", "--daemonize");
    row("start --json", "--json");
    row("--json", "--json");
    row("start stop", "only one command");
    row("start sotp", "sotp");
}

void TestCommandLine::refused()
{
    QFETCH(const QStringList, arguments);
    QFETCH(const QString, named);
    const Result<CommandLine> line = CommandLine::parse(arguments);
    QVERIFY(!line);
    QCOMPARE(line.error().code(), Error::Invalid);
    QVERIFY2(line.error().message().contains(named), qPrintable(line.error().message()));
}

void TestCommandLine::helpNamesEverything()
{
    const Result<QString> help = CommandLine::help();
    QVERIFY(help);
    for (const char *word : {"start",  "stop",        "restart",  "reload", "info",     "status",   "config",
                             "plugin", "init",        "doctor",   "logs",   "--config", "--env",    "--json",
                             "-x",     "--daemonize", "--no-gui", "--help", "--ignore", "--version"})
        QVERIFY2(help->contains(QLatin1StringView(word)), word);
    for (const app::CommandSpec &spec : app::commandTable()) {
        const QString name = QString::fromUtf16(spec.name);
        const Result<QString> text = CommandLine::help(name);
        QVERIFY2(text && text->contains(QStringLiteral("quern ") + name), qPrintable(name));
    }
    QVERIFY(!CommandLine::help(QStringLiteral("sotp")));
}

QTEST_GUILESS_MAIN(TestCommandLine)
#include "tst_commandline.moc"
