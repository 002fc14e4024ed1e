#include "app/server/commandline.h"

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
    row("status", Command::Status);
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
        return line ? *line : CommandLine{Command::Help, QStringLiteral("not understood"), false, false};
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
    row("-x", "-x");
    row("start -c", "-c");
    row("--config", "--config");
    row("--config=", "--config=");
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
    const QString help = CommandLine::help();
    for (const char *word : {"start", "stop", "restart", "reload", "status", "help", "--config", "--daemonize",
                             "--no-gui", "--json", "--help", "--version"})
        QVERIFY2(help.contains(QLatin1StringView(word)), word);
}

QTEST_GUILESS_MAIN(TestCommandLine)
#include "tst_commandline.moc"
