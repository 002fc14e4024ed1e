#include "ipc/cronmessages.h"
#include "ipc/frame.h"

#include <QCborMap>
#include <QTest>

using namespace Qt::Literals::StringLiterals;
using namespace Quern;
using ipc::CronCommandMessage;
using ipc::CronEntry;
using ipc::CronJobState;
using ipc::CronStateMessage;

namespace {

/// "hey" and the like: CBOR text strings of less than 24 bytes.
QByteArray text(QByteArrayView utf8)
{
    return QByteArray(1, char(0x60 + utf8.size())).append(utf8);
}

CronJobState sampleState()
{
    CronJobState state;
    state.name = u"nightly"_s;
    state.schedule = u"every 10 ms"_s;
    state.next = 1'700'000'000'000;
    state.last = 1'699'999'999'000;
    state.duration = 250;
    state.error = u"no paper"_s;
    state.runs = 7;
    state.failures = 2;
    state.skipped = 3;
    state.underWay = 1;
    state.isPaused = true;
    state.settledUntil = 5;
    state.grid = 4;
    state.interval = 10;
    state.isHandedOver = true;
    return state;
}

QByteArray goldenState()
{
    return QByteArray("\xb0") + text("name") + text("nightly") + text("schedule") + text("every 10 ms") + text("next") +
           QByteArray::fromHex("1b0000018bcfe56800") + text("last") + QByteArray::fromHex("1b0000018bcfe56418") +
           text("duration") + QByteArray::fromHex("18fa") + text("error") + text("no paper") + text("runs") + "\x07" +
           text("failures") + "\x02" + text("skipped") + "\x03" + text("underWay") + "\x01" + text("paused") + "\xf5" +
           text("stopped") + "\xf4" + text("settled") + "\x05" + text("grid") + "\x04" + text("interval") + "\x0a" +
           text("handedOver") + "\xf5";
}

CronEntry sampleEntry()
{
    CronEntry entry;
    entry.name = u"nightly"_s;
    entry.command = QStringList{u"backup"_s, u"-v"_s};
    entry.directory = u"/srv"_s;
    entry.expression = u"0 3 * * *"_s;
    entry.timeZone = u"UTC"_s;
    entry.parameters = {{u"size"_s, qlonglong(7)}};
    entry.place = u"q.toml:3"_s;
    return entry;
}

QByteArray goldenEntry()
{
    return text("name") + text("nightly") + text("job") + text("") + text("command") + "\x82" + text("backup") +
           text("-v") + text("directory") + text("/srv") + text("interval") + QByteArray(1, '\0') + text("expression") +
           text("0 3 * * *") + text("zone") + text("UTC") + text("parameters") + "\xa1" + text("size") + "\x07" +
           text("enabled") + "\xf5" + text("place") + text("q.toml:3");
}

} // namespace

class TestCronMessages : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void state();
    void programs();
    void command();
    void entries();
    void malformed_data();
    void malformed();
};

void TestCronMessages::state()
{
    QCOMPARE(int(ipc::FrameType::CronState), 40);
    CronStateMessage message;
    message.jobs.append(sampleState());
    message.answers.append({300, Error(Error::Busy, u"busy"_s)});
    message.answers.append({1, std::nullopt});
    const QByteArray golden = QByteArray("\xa2") + text("jobs") + "\x81" + goldenState() + text("answers") +
                              "\x82\xa3" + text("id") + QByteArray::fromHex("19012c") + text("code") + "\x06" +
                              text("error") + text("busy") + "\xa3" + text("id") + "\x01" + text("code") +
                              QByteArray(1, '\0') + text("error") + text("");
    QCOMPARE(message.encode().toHex(), golden.toHex());
    const Result<CronStateMessage> decoded = CronStateMessage::decode(golden);
    QVERIFY(decoded);
    QCOMPARE(decoded->jobs, message.jobs);
    QCOMPARE(decoded->answers.size(), 2);
    QCOMPARE(decoded->answers.at(0).id, 300u);
    QCOMPARE(decoded->answers.at(0).mistake->code(), Error::Busy);
    QCOMPARE(decoded->answers.at(0).mistake->message(), u"busy"_s);
    QVERIFY(!decoded->answers.at(1).mistake);
    QCOMPARE(ipc::cronJobStates(ipc::toCbor(message.jobs)), message.jobs);
    QByteArray unknownCode = golden;
    unknownCode[golden.indexOf(text("code")) + text("code").size()] = char(Error::Internal + 2);
    QVERIFY(!CronStateMessage::decode(unknownCode));
}

void TestCronMessages::programs()
{
    QCOMPARE(int(ipc::FrameType::CronPrograms), 42);
    const ipc::CronProgramsMessage message{{2, 0x1234}};
    const QByteArray golden = QByteArray::fromHex("02000000000000003412000000000000");
    QCOMPARE(message.encode().toHex(), golden.toHex());
    const Result<ipc::CronProgramsMessage> decoded = ipc::CronProgramsMessage::decode(golden);
    QVERIFY(decoded);
    QCOMPARE(decoded->groups, message.groups);
    QVERIFY(ipc::CronProgramsMessage::decode({}));
    // What kill(2) would take for something else than a group.
    for (const qint64 group : {qint64(0), qint64(1), qint64(-7), qint64(1) << 32})
        QVERIFY(!ipc::CronProgramsMessage::decode(ipc::CronProgramsMessage{{group}}.encode()));
    QVERIFY(!ipc::CronProgramsMessage::decode(QByteArrayView(golden).chopped(1)));
}

void TestCronMessages::command()
{
    QCOMPARE(int(ipc::FrameType::CronCommand), 41);
    const QByteArray golden = QByteArray("\xa4") + text("action") + "\x02" + text("id") + "\x09" + text("job") +
                              text("nightly") + text("deadline") + QByteArray::fromHex("1b000002ba7def3000");
    QCOMPARE(
        (CronCommandMessage{CronCommandMessage::Action::Pause, 9, u"nightly"_s, 3'000'000'000'000}.encode().toHex()),
        golden.toHex());
    const Result<CronCommandMessage> decoded = CronCommandMessage::decode(golden);
    QVERIFY(decoded);
    QCOMPARE(decoded->action, CronCommandMessage::Action::Pause);
    QCOMPARE(decoded->id, 9u);
    QCOMPARE(decoded->job, u"nightly"_s);
    QCOMPARE(decoded->deadline, 3'000'000'000'000);
}

void TestCronMessages::entries()
{
    CronEntry full = sampleEntry();
    full.job = u"backup"_s;
    full.interval = 10;
    full.isEnabled = false;
    full.isImmediate = false;
    full.mostAtATime = 8;
    full.missed = 2;
    full.timeout = 0;
    const QList<CronEntry> entries = {sampleEntry(), full};
    QCOMPARE(ipc::cronEntries(ipc::toCbor(entries)), entries);

    const QByteArray golden = QByteArray("\x81\xaa") + goldenEntry();
    QCOMPARE(ipc::toCbor(QList{sampleEntry()}).toCborValue().toCbor().toHex(), golden.toHex());
    QByteArray goldenFull = golden;
    CronEntry more = sampleEntry();
    more.isImmediate = true;
    more.mostAtATime = 2;
    more.missed = 1;
    more.timeout = 5;
    goldenFull[1] = '\xae';
    goldenFull +=
        text("immediate") + "\xf5" + text("overlap") + "\x02" + text("missed") + "\x01" + text("timeout") + "\x05";
    QCOMPARE(ipc::toCbor(QList{more}).toCborValue().toCbor().toHex(), goldenFull.toHex());
}

void TestCronMessages::malformed_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("no map") << QByteArray("\x80");
    QTest::newRow("cut off") << QByteArray("\xa1\x63");
    QTest::newRow("more behind it") << CronCommandMessage{}.encode() + '\0';
    QTest::newRow("an action of the future") << QByteArray("\xa1") + text("action") + "\x04";
    QTest::newRow("no action") << QByteArray("\xa0");
}

void TestCronMessages::malformed()
{
    QFETCH(QByteArray, bytes);
    const Result<CronCommandMessage> command = CronCommandMessage::decode(bytes);
    QVERIFY(!command);
    QCOMPARE(command.error().code(), Error::Protocol);
    if (!bytes.startsWith('\xa0') && !bytes.contains("action")) {
        const Result<CronStateMessage> state = CronStateMessage::decode(bytes);
        QVERIFY(!state);
        QCOMPARE(state.error().code(), Error::Protocol);
    }
}

QTEST_APPLESS_MAIN(TestCronMessages)
#include "tst_cronmessages.moc"
