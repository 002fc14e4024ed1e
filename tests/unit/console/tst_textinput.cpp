#include "admin-gui/models/textinput.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>

using namespace Quern;
using namespace Quern::console;
using namespace Qt::Literals::StringLiterals;

/// What people give: text in files, and texts of any length.
class tst_textinput : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void files_data();
    void files();
    void otherThings();
    void length();
};

namespace {

constexpr qint64 most = 12;

} // namespace

void tst_textinput::files_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("text"); ///< null: none
    QTest::addColumn<QString>("error");
    QTest::newRow("UTF-8") << QByteArray("gr\xC3\xBCn") << u"gr\u00FCn"_s << QString();
    QTest::newRow("empty") << QByteArray() << u""_s << QString();
    QTest::newRow("with a byte order mark") << QByteArray("\xEF\xBB\xBFkey") << u"key"_s << QString();
    QTest::newRow("UTF-16") << QByteArray("\xFF\xFEk\0e\0y\0", 8) << u"key"_s << QString();
    QTest::newRow("as large as may be") << QByteArray(most, 'x') << QString(most, u'x') << QString();
    QTest::newRow("larger") << QByteArray(most + 1, 'x') << QString() << u" is larger than 12 bytes."_s;
    QTest::newRow("no text") << QByteArray("\xC3(") << QString() << u" is no text in UTF-8."_s;
}

void tst_textinput::files()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, text);
    QFETCH(QString, error);
    const QTemporaryDir folder;
    QFile file(folder.filePath(u"rows"_s));
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(bytes), bytes.size());
    file.close();
    const Result<QString> read = readTextFile(file.fileName(), most);
    if (error.isEmpty())
        QCOMPARE(read.valueOr(u"none"_s), text);
    else
        QVERIFY2(!read && read.error().message().endsWith(error), read ? "" : qPrintable(read.error().message()));
}

void tst_textinput::otherThings()
{
    const QTemporaryDir folder;
    const QString pipe = folder.filePath(u"pipe"_s);
    QCOMPARE(::mkfifo(QFile::encodeName(pipe).constData(), 0600), 0); // nobody writes: to open it would wait
    for (const QString &path : {folder.path(), folder.filePath(u"absent"_s), pipe, u"/dev/zero"_s}) {
        const Result<QString> read = readTextFile(path, most);
        QVERIFY2(!read, qPrintable(path));
        QCOMPARE(read.error().message(), path + u" is no file."_s);
    }
}

void tst_textinput::length()
{
    QCOMPARE(excessText(0), QString());
    QCOMPARE(excessText(longestText), QString());
    QCOMPARE(excessText(longestText + 12), u"This is 12 character(s) too long."_s);
    // Whatever they are: a control character takes six bytes.
    QVERIFY(longestText * 6 < admin::longestMessage);
}

QTEST_GUILESS_MAIN(tst_textinput)
#include "tst_textinput.moc"
