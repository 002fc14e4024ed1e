#include <Quern/result.h>

#include <QTest>

#include <functional>
#include <memory>
#include <tuple>
#include <utility>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace Quern;

namespace {

Error broken()
{
    return Error(Error::Io, QStringLiteral("the disk is full"));
}

struct End
{
    int status = 0;
    QByteArray output; ///< of its standard error
};

/// How a process ends that calls \a work.
End endOf(const std::function<void()> &work)
{
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0)
        qFatal("no pipe");
    const pid_t child = ::fork();
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);
        qInstallMessageHandler(nullptr);
        ::dup2(ends[1], STDERR_FILENO);
        work();
        ::_exit(0);
    }
    ::close(ends[1]);
    End end;
    char bytes[1024];
    for (ssize_t size = 0; (size = ::read(ends[0], bytes, sizeof(bytes))) > 0;)
        end.output.append(bytes, size);
    ::close(ends[0]);
    ::waitpid(child, &end.status, 0);
    return end;
}

} // namespace

using Misuse = std::function<void()>;
Q_DECLARE_METATYPE(Misuse)

class TestResult : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void valuesAndErrors();
    void otherwise();
    void errorsInLogs();
    void misuseIsTold_data();
    void misuseIsTold();
};

void TestResult::valuesAndErrors()
{
    Result<QString> good(QStringLiteral("tea"));
    QVERIFY(good.ok() && good);
    *good += u'!';
    QCOMPARE(good->size(), 4);
    QCOMPARE(std::as_const(good).value(), QStringLiteral("tea!"));
    QCOMPARE(std::move(good).value(), QStringLiteral("tea!"));
    const Result<QString> bad(broken());
    QVERIFY(!bad.ok() && !bad);
    QCOMPARE(bad.error().code(), Error::Io);
    QVERIFY(Result<void>().ok());
    QCOMPARE(Outcome(broken()).error().code(), Error::Io);
}

void TestResult::errorsInLogs()
{
    QString text;
    QDebug(&text) << "got" << Error(Error::Io, QStringLiteral("\"a\" is full")) << 1;
    QCOMPARE(text, QStringLiteral("got Quern::Error(Io, \"\\\"a\\\" is full\") 1 "));
}

void TestResult::otherwise()
{
    const Result<int> good(3);
    const Result<int> bad(broken());
    QCOMPARE(good.valueOr(5), 3);
    QCOMPARE(bad.valueOr(5), 5);
    // Of what cannot be copied, too.
    using Owned = std::unique_ptr<int>;
    QCOMPARE(*Result<Owned>(std::make_unique<int>(7)).valueOr(nullptr), 7);
    QVERIFY(!Result<Owned>(broken()).valueOr(nullptr));
}

void TestResult::misuseIsTold_data()
{
    QTest::addColumn<Misuse>("misuse");
    QTest::addColumn<QByteArray>("told");
    const QByteArray full = "the disk is full";
    const QByteArray none = "it succeeded";
    QTest::newRow("value") << Misuse([] { std::ignore = Result<int>(broken()).value(); }) << full;
    QTest::newRow("star") << Misuse([] {
        const Result<int> bad(broken());
        std::ignore = *bad;
    }) << full;
    QTest::newRow("star of one that can be changed") << Misuse([] {
        Result<int> bad(broken());
        *bad = 1;
    }) << full;
    QTest::newRow("arrow") << Misuse([] {
        const Result<QString> bad(broken());
        std::ignore = bad->size();
    }) << full;
    QTest::newRow("arrow of one that can be changed") << Misuse([] {
        Result<QString> bad(broken());
        bad->clear();
    }) << full;
    QTest::newRow("error of a value") << Misuse([] { std::ignore = Result<int>(1).error(); }) << none;
    QTest::newRow("error of a success") << Misuse([] { std::ignore = Result<void>().error(); }) << none;
}

void TestResult::misuseIsTold()
{
    QFETCH(Misuse, misuse);
    QFETCH(QByteArray, told);
    const End end = endOf(misuse);
    QVERIFY2(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGABRT, qPrintable(QString::number(end.status)));
    QVERIFY2(end.output.contains(told), end.output.constData());
}

QTEST_GUILESS_MAIN(TestResult)
#include "tst_result.moc"
