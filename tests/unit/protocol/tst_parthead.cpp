#include "protocol/http/parthead.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace Quern::protocol::http;

/// File names that clients send, and what may be made of them. Heads of parts are shown in tst_multipart.
class PartHeadTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void safeFileNames_data();
    void safeFileNames();
};

void PartHeadTest::safeFileNames_data()
{
    QTest::addColumn<QByteArray>("fileName");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const QByteArray &fileName, const QByteArray &expected) {
        QTest::newRow(name) << fileName << expected;
    };
    row("plain", "a.txt"_ba, "a.txt"_ba);
    row("UTF-8 and spaces", "\xe4\xb8\xad b.txt"_ba, "\xe4\xb8\xad b.txt"_ba);
    row("path", "/etc/passwd"_ba, "passwd"_ba);
    row("traversal", "../../a"_ba, "a"_ba);
    row("path of Windows", "C:\\dir\\a.txt"_ba, "a.txt"_ba);
    row("both slashes", "a/b\\c/d"_ba, "d"_ba);
    row("dots inside stay", "..a.."_ba, "..a.."_ba);
    row("dot", "."_ba, {});
    row("two dots", "a/.."_ba, {});
    row("two dots and a control character", ".\x01."_ba, {});
    row("control characters", "a\0b\r\nc\x7f\t"_ba, "abc"_ba);
    row("slash at the end", "a/"_ba, {});
    row("nothing", {}, {});
    row("255 bytes", QByteArray(255, 'a'), QByteArray(255, 'a'));
    row("256 bytes", QByteArray(256, 'a'), QByteArray(255, 'a'));
    row("cut before a character", QByteArray(254, 'a') + "\xc3\xa9", QByteArray(254, 'a'));
    row("cut before a long character", QByteArray(252, 'a') + "\xf0\x9f\x98\x80", QByteArray(252, 'a'));
    row("cut after a character", QByteArray(253, 'a') + "\xc3\xa9z", QByteArray(253, 'a') + "\xc3\xa9");
    row("no UTF-8", QByteArray(300, '\x80'), QByteArray(252, '\x80'));
}

void PartHeadTest::safeFileNames()
{
    QFETCH(QByteArray, fileName);
    QFETCH(QByteArray, expected);
    QCOMPARE(safeFileName(fileName), expected);
}

QTEST_APPLESS_MAIN(PartHeadTest)
#include "tst_parthead.moc"
