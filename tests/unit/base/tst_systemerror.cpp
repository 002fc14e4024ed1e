#include "base/systemerror.h"

#include <QTest>

#include <cerrno>

using namespace Quern;

class TestSystemError : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void codes_data();
    void codes();
    void takesErrno();
};

void TestSystemError::codes_data()
{
    QTest::addColumn<int>("errorNumber");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("text");
    QTest::newRow("EACCES") << EACCES << int(Error::Permission) << QStringLiteral("Permission denied");
    QTest::newRow("EPERM") << EPERM << int(Error::Permission) << QStringLiteral("Operation not permitted");
    QTest::newRow("ENOENT") << ENOENT << int(Error::NotFound) << QStringLiteral("No such file or directory");
    QTest::newRow("EADDRINUSE") << EADDRINUSE << int(Error::Exists) << QStringLiteral("Address already in use");
    QTest::newRow("EEXIST") << EEXIST << int(Error::Exists) << QStringLiteral("File exists");
    QTest::newRow("ENOSPC") << ENOSPC << int(Error::Io) << QStringLiteral("No space left on device");
    QTest::newRow("EMFILE") << EMFILE << int(Error::Io) << QStringLiteral("Too many open files");
}

void TestSystemError::codes()
{
    QFETCH(const int, errorNumber);
    QFETCH(const int, code);
    QFETCH(const QString, text);
    const Error error = base::systemError(QStringLiteral("cannot open x"), errorNumber);
    QCOMPARE(int(error.code()), code);
    QCOMPARE(error.message(), QStringLiteral("cannot open x: ") + text);
}

void TestSystemError::takesErrno()
{
    const QString what = QStringLiteral("probe");
    errno = ENOENT;
    const Error error = base::systemError(what);
    QCOMPARE(int(error.code()), int(Error::NotFound));
    QCOMPARE(error.message(), QStringLiteral("probe: No such file or directory"));
}

QTEST_APPLESS_MAIN(TestSystemError)
#include "tst_systemerror.moc"
