#include "sdk/src/contentdisposition_p.h"

#include <QTest>

using namespace Quern;

class tst_ContentDisposition : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void value_data();
    void value();
};

void tst_ContentDisposition::value_data()
{
    QTest::addColumn<bool>("attachment");
    QTest::addColumn<QString>("fileName");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const QString &fileName, const char *expected) {
        QTest::newRow(name) << true << fileName << QByteArray(expected);
    };
    QTest::newRow("to be shown") << false << QStringLiteral("a.pdf") << QByteArray("inline; filename=\"a.pdf\"");
    QTest::newRow("to be shown, without a name") << false << QString() << QByteArray("inline");
    row("without a name", QString(), "attachment");
    row("ASCII", QStringLiteral("report 2026 (1).pdf"), "attachment; filename=\"report 2026 (1).pdf\"");
    row("RFC 6266's euro rates", QStringLiteral("€ rates"),
        "attachment; filename=\"_ rates\"; filename*=UTF-8''%E2%82%AC%20rates");
    row("letters with marks", QStringLiteral("Übergröße.txt"),
        "attachment; filename=\"Ubergro_e.txt\"; filename*=UTF-8''%C3%9Cbergr%C3%B6%C3%9Fe.txt");
    row("Chinese", QStringLiteral("报告.pdf"),
        "attachment; filename=\"__.pdf\"; filename*=UTF-8''%E6%8A%A5%E5%91%8A.pdf");
    row("beyond the basic plane", QStringLiteral("😀"), "attachment; filename=\"_\"; filename*=UTF-8''%F0%9F%98%80");
    row("quotes and backslash", QStringLiteral("a\"b\\c"), "attachment; filename=\"a_b_c\"; filename*=UTF-8''a%22b_c");
    row("percent", QStringLiteral("100%41.txt"), "attachment; filename=\"100_41.txt\"; filename*=UTF-8''100%2541.txt");
    row("marks of RFC 8187's list", QStringLiteral("é!#$&+-.^_`|~*'();,=@"),
        "attachment; filename=\"e!#$&+-.^_`|~*'();,=@\"; "
        "filename*=UTF-8''%C3%A9!#$&+-.^_`|~%2A%27%28%29%3B%2C%3D%40");
    row("no line can be forged", QStringLiteral("a\r\nSet-Cookie: x"), "attachment; filename=\"a__Set-Cookie: x\"");
    row("NUL", QStringLiteral("a") + QChar(0) + QStringLiteral("b"), "attachment; filename=\"a_b\"");
    row("C1 control", QString(QChar(0x85)), "attachment; filename=\"_\"");
    row("a path is no name", QStringLiteral("../../etc/passwd"), "attachment; filename=\".._.._etc_passwd\"");
    row("what decomposes to a path", QStringLiteral("․․／x"),
        "attachment; filename=\".._x\"; filename*=UTF-8''%E2%80%A4%E2%80%A4%EF%BC%8Fx");
    row("turned direction", QStringLiteral("a") + QChar(0x202e) + QStringLiteral("txt.exe"),
        "attachment; filename=\"a_txt.exe\"");
    row("half a surrogate pair", QString(QChar(0xd800)), "attachment; filename=\"_\"; filename*=UTF-8''%3F");
}

void tst_ContentDisposition::value()
{
    QFETCH(const bool, attachment);
    QFETCH(const QString, fileName);
    QTEST(contentDisposition(attachment, fileName), "expected");
}

QTEST_GUILESS_MAIN(tst_ContentDisposition)
#include "tst_contentdisposition.moc"
