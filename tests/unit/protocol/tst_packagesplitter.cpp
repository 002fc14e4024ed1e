#include "packagetranscript.h"
#include "protocol/framed/packagesplitter.h"

#include <QTest>

#include <QtEndian>

using namespace Quern;
using protocol::framed::Framing;
using protocol::framed::PackageSplitter;
using tests::packageTranscriptOf;
using Mode = Framing::Mode;
using State = PackageSplitter::State;

Q_DECLARE_METATYPE(Framing)

class TestPackageSplitter : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void splits_data();
    void splits();
    void lengthTypes_data();
    void lengthTypes();
    void noFraming();
    void endMarkAtTheTail_data();
    void endMarkAtTheTail();
    void wholePackageIsNotCopied();
    void idleHoldsNothing();
    void failedStaysFailed();
    void manyReadsAreLinear();
    void modes();
    void contradictions_data();
    void contradictions();
};

namespace {

Framing marked(const QByteArray &mark, Mode mode = Mode::EndMarkSplit, quint32 maxLength = 1000)
{
    Framing framing;
    framing.mode = mode;
    framing.endMark = mark;
    framing.maxLength = maxLength;
    return framing;
}

Framing prefixed(char type, quint32 lengthOffset, quint32 bodyOffset, quint32 maxLength = 1000)
{
    Framing framing;
    framing.mode = Mode::LengthPrefix;
    framing.lengthType = type;
    framing.lengthOffset = lengthOffset;
    framing.bodyOffset = bodyOffset;
    framing.maxLength = maxLength;
    return framing;
}

QList<QByteArrayView> piecesOf(QByteArrayView bytes, qsizetype length)
{
    QList<QByteArrayView> pieces;
    for (; !bytes.isEmpty(); bytes = bytes.sliced(pieces.last().size()))
        pieces.append(bytes.first(qMin(length, bytes.size())));
    return pieces;
}

QByteArray transcript(const QList<QByteArray> &packages, const QByteArray &end)
{
    QByteArray text;
    for (const QByteArray &package : packages)
        text += "package: " + package.toHex() + '\n';
    return text + end;
}

} // namespace

void TestPackageSplitter::splits_data()
{
    QTest::addColumn<Framing>("framing");
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const Framing &framing, const QByteArray &stream,
                        const QList<QByteArray> &packages, const QByteArray &end = "left: 0") {
        QTest::newRow(name) << framing << stream << transcript(packages, end);
    };
    const QByteArray overLimit = "failed: package over package_max_length";
    const QByteArray tooShort = "failed: package shorter than its own header";
    const QByteArray negative = "failed: package with a negative length";

    row("mark: one", marked("\r\n"), "hello\r\n", {"hello\r\n"});
    row("mark: several, and the next begun", marked("\r\n"), "a\r\nbc\r\nd", {"a\r\n", "bc\r\n"}, "left: 1");
    row("mark: nothing between", marked("\r\n"), "\r\n\r\n", {"\r\n", "\r\n"});
    row("mark: its beginning twice", marked("\r\n"), "a\r\r\nb\n\r\n", {"a\r\r\n", "b\n\r\n"});
    row("mark: overlaps itself", marked("aa"), "aaaxaa", {"aa", "axaa"});
    row("mark: begins anew within itself", marked("aab"), "aaabaab", {"aaab", "aab"});
    row("mark: one byte", marked(QByteArray(1, '\0')), QByteArray("a\0b\0", 4),
        {QByteArray("a\0", 2), QByteArray("b\0", 2)});
    row("mark: eight bytes", marked("12345678"), "12345671234567812345678", {"123456712345678", "12345678"});
    row("mark: none", marked("\r\n"), "hello\r", {}, "left: 6");
    row("mark: as long as allowed", marked("\r\n", Mode::EndMarkSplit, 5), "abc\r\nabc\r\n", {"abc\r\n", "abc\r\n"});
    row("mark: one byte over", marked("\r\n", Mode::EndMarkSplit, 5), "abc\r\nabcd\r\n", {"abc\r\n"}, overLimit);
    row("mark: unfinished up to the limit", marked("\r\n", Mode::EndMarkSplit, 5), "abcde", {}, "left: 5");
    row("mark: unfinished over the limit", marked("\r\n", Mode::EndMarkSplit, 5), "abcdef", {}, overLimit);

    const QByteArray three("\0\0\0\3abc", 7);
    row("length: one", prefixed('N', 0, 4), three, {three});
    row("length: several, and the next begun", prefixed('N', 0, 4), three + three + three.first(2), {three, three},
        "left: 2");
    row("length: nothing behind the header", prefixed('n', 0, 2), QByteArray("\0\0\0\1x", 5),
        {QByteArray("\0\0", 2), QByteArray("\0\1x", 3)});
    row("length: counts the header as well", prefixed('n', 0, 0), QByteArray("\0\5abc\0\2", 7),
        {QByteArray("\0\5abc", 5), QByteArray("\0\2", 2)});
    row("length: behind other bytes", prefixed('C', 2, 5), "MQ\2xyabMQ\1xyaMQ", {"MQ\2xyab", "MQ\1xya"}, "left: 2");
    row("length: counts from within the header", prefixed('C', 3, 2), "abc\2abc\3d", {"abc\2", "abc\3d"});
    row("length: body not complete", prefixed('N', 0, 4), three.first(6), {}, "left: 6");
    row("length: header not complete", prefixed('N', 0, 4), three.first(3), {}, "left: 3");
    row("length: shorter than its header", prefixed('n', 0, 0), QByteArray("\0\1abc", 5), {}, tooShort);
    row("length: ends before the number", prefixed('C', 3, 1), QByteArray("abc\2", 4), {}, tooShort);
    row("length: as long as allowed", prefixed('C', 0, 1, 4), "\3abc\3abc", {"\3abc", "\3abc"});
    row("length: one byte over", prefixed('C', 0, 1, 4), "\3abc\4abcd", {"\3abc"}, overLimit);
    row("length: over 32 bits with its header", prefixed('N', 0, 4, 0xffffffff), "\xff\xff\xff\xff", {}, overLimit);
    row("length: over 64 bits with its header", prefixed('J', 0, 8), QByteArray(8, '\xff'), {}, overLimit);
    row("length: negative, 8 bits", prefixed('c', 0, 1), "\xff", {}, negative);
    row("length: negative, 16 bits", prefixed('s', 0, 2), QByteArray(2, '\xff'), {}, negative);
    row("length: negative, 32 bits", prefixed('l', 0, 4), QByteArray(4, '\xff'), {}, negative);
    row("length: negative, 64 bits", prefixed('q', 0, 8), QByteArray(8, '\xff'), {}, negative);
}

void TestPackageSplitter::splits()
{
    QFETCH(const Framing, framing);
    QFETCH(const QByteArray, stream);
    QFETCH(const QByteArray, expected);
    QVERIFY(framing.check());
    for (qsizetype length = 1; length <= stream.size(); ++length)
        QCOMPARE(packageTranscriptOf(piecesOf(stream, length), framing), expected);
}

void TestPackageSplitter::lengthTypes_data()
{
    QTest::addColumn<char>("type");
    QTest::addColumn<QByteArray>("prefix"); // stands for 3
    const auto native = [](auto number) {
        return QByteArray(reinterpret_cast<const char *>(&number), qsizetype(sizeof number));
    };
    const auto row = [](char type, const QByteArray &prefix) {
        QTest::newRow(QByteArray(1, type).constData()) << type << prefix;
    };
    row('c', "\3");
    row('C', "\3");
    row('s', native(qint16(3)));
    row('S', native(quint16(3)));
    row('n', QByteArray::fromHex("0003"));
    row('v', QByteArray::fromHex("0300"));
    row('l', native(qint32(3)));
    row('L', native(quint32(3)));
    row('N', QByteArray::fromHex("00000003"));
    row('V', QByteArray::fromHex("03000000"));
    row('q', native(qint64(3)));
    row('Q', native(quint64(3)));
    row('J', QByteArray::fromHex("0000000000000003"));
    row('P', QByteArray::fromHex("0300000000000000"));
}

void TestPackageSplitter::lengthTypes()
{
    QFETCH(const char, type);
    QFETCH(const QByteArray, prefix);
    const Framing framing = prefixed(type, 1, quint32(prefix.size()) + 1);
    QVERIFY(framing.check());
    QCOMPARE(framing.headerBytes(), prefix.size() + 1);
    const QByteArray package = '!' + prefix + "abc";
    QCOMPARE(packageTranscriptOf({package + package}, framing), transcript({package, package}, "left: 0"));
}

void TestPackageSplitter::noFraming()
{
    // A limit below the reads shows that it has no effect.
    QCOMPARE(packageTranscriptOf({"hello", "\r\n"}, marked("\r\n", Mode::None, 1)),
             transcript({"hello", "\r\n"}, "left: 0"));
}

void TestPackageSplitter::endMarkAtTheTail_data()
{
    QTest::addColumn<QList<QByteArray>>("reads");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const QList<QByteArray> &reads, const QList<QByteArray> &packages,
                        const QByteArray &end = "left: 0") {
        QTest::newRow(name) << reads << transcript(packages, end);
    };
    row("several in one read", {"a--b--"}, {"a--b--"});
    row("the next begun", {"a--b", "--"}, {"a--b--"});
    row("one a read", {"a--", "b--"}, {"a--", "b--"});
    row("mark cut", {"a-", "-", "b--"}, {"a--", "b--"});
    row("mark over itself", {"-", "-"}, {"--"});
    row("three of its bytes", {"x", "---"}, {"x---"});
    row("no mark", {"abc", "-"}, {}, "left: 4");
    row("as long as allowed", {"abcd", "ef--"}, {"abcdef--"});
    row("over the limit", {"abcd", "efg--"}, {}, "failed: package over package_max_length");
    row("unfinished over the limit", {"abcdefghi"}, {}, "failed: package over package_max_length");
}

void TestPackageSplitter::endMarkAtTheTail()
{
    QFETCH(const QList<QByteArray>, reads);
    QTEST(packageTranscriptOf({reads.begin(), reads.end()}, marked("--", Mode::EndMark, 8)), "expected");
}

void TestPackageSplitter::wholePackageIsNotCopied()
{
    const QByteArray stream("a\r\nb\r\n");
    for (const Framing &framing : {marked("\r\n"), marked("\r\n", Mode::EndMark), prefixed('C', 2, 0, 200)}) {
        PackageSplitter splitter(framing);
        const PackageSplitter::Step step = splitter.feed(stream);
        const bool isPrefixed = framing.mode == Mode::LengthPrefix; // "\n" says 10 bytes, of which 6 have come
        QCOMPARE(step.state, isPrefixed ? State::Incomplete : State::Complete);
        QCOMPARE(splitter.package().data(), isPrefixed ? nullptr : stream.constData());
    }
}

void TestPackageSplitter::idleHoldsNothing()
{
    const Framing framing = marked("\r\n");
    PackageSplitter splitter(framing);
    splitter.feed("hel");
    QCOMPARE(splitter.unfinishedBytes(), 3);
    QCOMPARE(splitter.feed("lo\r\nmore").consumed, 4);
    const char *const assembled = splitter.package().data();
    QCOMPARE(splitter.unfinishedBytes(), 0);
    const QByteArray taken = splitter.takePackage();
    QCOMPARE(taken, "hello\r\n");
    QCOMPARE(taken.constData(), assembled); // given away, not copied
    QVERIFY(splitter.package().isNull());
    QCOMPARE(splitter.feed("a\r\n").state, State::Complete);
    QCOMPARE(splitter.takePackage(), "a\r\n");
    splitter.release();
    QCOMPARE(splitter.feed({}).state, State::Incomplete);
    QVERIFY(splitter.package().isNull());
}

void TestPackageSplitter::failedStaysFailed()
{
    const Framing framing = prefixed('C', 0, 1, 4);
    PackageSplitter splitter(framing);
    QVERIFY(!splitter.reason());
    QCOMPARE(splitter.feed("\x09").state, State::Failed);
    const PackageSplitter::Step again = splitter.feed("\1a");
    QCOMPARE(again.state, State::Failed);
    QCOMPARE(again.consumed, 2);
    QCOMPARE(splitter.reason(), "package over package_max_length");
    QCOMPARE(splitter.unfinishedBytes(), 0);
}

void TestPackageSplitter::manyReadsAreLinear()
{
    // Searched or copied anew at each read, the million reads would go over 10^12 bytes: hours.
    const qsizetype length = 1'000'000;
    for (Framing framing : {marked("\r\n\r\n"), prefixed('N', 0, 4), marked("\r\n\r\n", Mode::EndMark)}) {
        framing.maxLength = 2 * length;
        PackageSplitter splitter(framing);
        QByteArray stream(length, '\r');
        qToBigEndian(quint32(length - 4), stream.data());
        stream.replace(length - 4, 4, "\r\n\r\n");
        for (qsizetype at = 0; at < length - 1; ++at)
            QVERIFY(splitter.feed(QByteArrayView(stream).sliced(at, 1)).state == State::Incomplete);
        QCOMPARE(splitter.feed("\n").state, State::Complete);
        QCOMPARE(splitter.package(), QByteArrayView(stream));
    }
}

void TestPackageSplitter::modes()
{
    QCOMPARE(*Framing::modeOf(false, false, false), Mode::None);
    QCOMPARE(*Framing::modeOf(true, false, false), Mode::EndMark);
    QCOMPARE(*Framing::modeOf(false, true, false), Mode::EndMarkSplit);
    QCOMPARE(*Framing::modeOf(true, true, false), Mode::EndMarkSplit);
    QCOMPARE(*Framing::modeOf(false, false, true), Mode::LengthPrefix);
    for (const bool split : {false, true}) {
        const Result<Mode> both = Framing::modeOf(!split, split, true);
        QVERIFY(!both);
        QCOMPARE(both.error().code(), Error::Invalid);
        QVERIFY(both.error().message().contains(split ? u"open_eof_split" : u"open_eof_check"));
    }
}

void TestPackageSplitter::contradictions_data()
{
    QTest::addColumn<Framing>("framing");
    QTest::addColumn<QString>("key");
    QTest::newRow("no mark") << marked("") << QStringLiteral("package_eof ");
    QTest::newRow("mark of nine bytes") << marked("123456789") << QStringLiteral("package_eof ");
    QTest::newRow("mark over the limit") << marked("12", Mode::EndMark, 1) << QStringLiteral("package_max_length ");
    QTest::newRow("limit 0") << marked("1", Mode::None, 0) << QStringLiteral("package_max_length ");
    QTest::newRow("unknown type") << prefixed('x', 0, 4) << QStringLiteral("package_length_type ");
    QTest::newRow("type 0") << prefixed('\0', 0, 4) << QStringLiteral("package_length_type ");
    QTest::newRow("number behind the limit") << prefixed('N', 997, 4) << QStringLiteral("package_length_offset ");
    QTest::newRow("body behind the limit") << prefixed('N', 0, 1001) << QStringLiteral("package_body_offset ");
}

void TestPackageSplitter::contradictions()
{
    QFETCH(const Framing, framing);
    QFETCH(const QString, key);
    const Result<void> checked = framing.check();
    QVERIFY(!checked);
    QCOMPARE(checked.error().code(), Error::Invalid);
    QVERIFY2(checked.error().message().startsWith(key), qPrintable(checked.error().message()));
}

QTEST_GUILESS_MAIN(TestPackageSplitter)
#include "tst_packagesplitter.moc"
