#include "base/processtitle.h"

#include <QCoreApplication>
#include <QFile>
#include <QProcess>
#include <QTest>

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace Quern;

namespace {

QByteArray contentsOf(const char *path)
{
    QFile file(QString::fromLatin1(path));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("unreadable");
}

/// What the process says about itself under its new titles, one line for each thing to check.
int tellTitles(int argc, char **argv)
{
    const bool initialized = std::strcmp(argv[2], "init") == 0;
    if (initialized)
        base::initProcessTitle(argc, argv);
    for (int i = 3; i < argc; ++i) {
        base::setProcessTitle(argv[i]);
        const QByteArray commandLine = contentsOf("/proc/self/cmdline");
        const QByteArray comm = contentsOf("/proc/self/comm").trimmed();
        // The kernel shows zeros behind the title if it does not let the process say how long it is.
        qsizetype length = commandLine.size();
        while (length > 0 && commandLine[length - 1] == '\0')
            --length;
        std::printf("title %s\ncomm %s\n", commandLine.first(length).replace('\0', '|').constData(), comm.constData());
    }
    for (int i = 1; i < argc; ++i)
        std::printf("argument %s\n", argv[i]);
    std::printf("variable %s\n", std::getenv("QUERN_TEST_VARIABLE"));
    return 0;
}

QByteArrayList answersOf(const QStringList &arguments, const QByteArray &what)
{
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("QUERN_TEST_VARIABLE"), QStringLiteral("still here"));
    process.setProcessEnvironment(environment);
    process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    process.start(QCoreApplication::applicationFilePath(), QStringList(QStringLiteral("--tell")) + arguments);
    if (!process.waitForFinished() || process.exitCode() != 0)
        qFatal("the child did not finish");
    QByteArrayList result;
    const QByteArrayList lines = process.readAllStandardOutput().split('\n');
    for (const QByteArray &line : lines) {
        if (line.startsWith(what + ' '))
            result.append(line.mid(what.size() + 1));
    }
    return result;
}

} // namespace

class TestProcessTitle : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void isShown();
    void shorterAfterLonger();
    void longerThanTheCommandLine();
    void isCutToTheRoom();
    void argumentsAndEnvironmentSurvive();
    void withoutInit();
};

void TestProcessTitle::isShown()
{
    const QStringList arguments = {QStringLiteral("init"), QStringLiteral("quern: worker 2")};
    QCOMPARE(answersOf(arguments, "title"), QByteArrayList({"quern: worker 2"}));
    QCOMPARE(answersOf(arguments, "comm"), QByteArrayList({"quern: worker 2"}));
}

void TestProcessTitle::shorterAfterLonger()
{
    const QStringList arguments = {QStringLiteral("init"), QStringLiteral("quern: a rather long title"),
                                   QStringLiteral("quern"), QStringLiteral("quern: worker 12")};
    QCOMPARE(answersOf(arguments, "title"),
             QByteArrayList({"quern: a rather long title", "quern", "quern: worker 12"}));
    QCOMPARE(answersOf(arguments, "comm"), QByteArrayList({"quern: a rather", "quern", "quern: worker 1"}));
}

void TestProcessTitle::longerThanTheCommandLine()
{
    // The child's own command line holds the title once; its environment makes room for the rest.
    const QString title(400, u't');
    QCOMPARE(answersOf({QStringLiteral("init"), title}, "title"), QByteArrayList({title.toLatin1()}));
}

void TestProcessTitle::isCutToTheRoom()
{
    const QByteArrayList environment = answersOf({QStringLiteral("init"), QStringLiteral("x")}, "variable");
    QCOMPARE(environment, QByteArrayList({"still here"}));
    const QString tooLong(100'000, u't');
    const QByteArrayList titles = answersOf({QStringLiteral("init"), tooLong, QStringLiteral("quern")}, "title");
    QCOMPARE(titles.size(), 2);
    QVERIFY(titles[0].startsWith("tttt"));
    QCOMPARE(titles[1], QByteArray("quern"));
}

void TestProcessTitle::argumentsAndEnvironmentSurvive()
{
    const QStringList arguments = {QStringLiteral("init"), QStringLiteral("first"), QStringLiteral("second")};
    QCOMPARE(answersOf(arguments, "argument"), QByteArrayList({"--tell", "init", "first", "second"}));
    QCOMPARE(answersOf(arguments, "variable"), QByteArrayList({"still here"}));
}

void TestProcessTitle::withoutInit()
{
    const QStringList arguments = {QStringLiteral("bare"), QStringLiteral("quern: worker 2")};
    QCOMPARE(answersOf(arguments, "comm"), QByteArrayList({"quern: worker 2"}));
    const QByteArrayList titles = answersOf(arguments, "title");
    QVERIFY(titles.value(0).endsWith("--tell|bare|quern: worker 2"));
}

int main(int argc, char **argv)
{
    if (argc > 2 && std::strcmp(argv[1], "--tell") == 0)
        return tellTitles(argc, argv);
    QCoreApplication application(argc, argv);
    TestProcessTitle testCase;
    QTEST_SET_MAIN_SOURCE_PATH
    return QTest::qExec(&testCase, argc, argv);
}

#include "tst_processtitle.moc"
