#include "admin/protocol/taskmessages.h"
#include "messagechecks.h"

#include <QTest>

using namespace Quern;
using namespace Quern::admin;
using namespace Qt::Literals::StringLiterals;

class tst_DeadLetterMessages : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void golden();
    void names();
    void malformed_data();
    void malformed();
};

namespace {

DeadLetterPage samplePage()
{
    DeadLetter letter;
    letter.number = 3;
    letter.id = u"9223372036854775807"_s;
    letter.kind = DeadLetter::Kind::Event;
    letter.name = u"paid"_s;
    letter.error = u"it threw"_s;
    letter.attempts = 5;
    letter.createdAt = QDateTime(QDate(2026, 1, 31), QTime(12, 0), Qt::UTC);
    letter.buriedAt = letter.createdAt.addMSecs(250);
    letter.payloadBytes = 20;
    letter.store = DeadLetter::Store::Database;
    return {{letter}, u"12-40"_s};
}

const QByteArray goldenPage =
    "{\"letters\":[{\"attempts\":5,\"buriedAt\":\"2026-01-31T12:00:00.250Z\","
    "\"createdAt\":\"2026-01-31T12:00:00.000Z\",\"error\":\"it threw\",\"id\":\"9223372036854775807\","
    "\"kind\":\"event\",\"name\":\"paid\",\"number\":3,\"payloadBytes\":20,\"store\":\"database\"}],"
    "\"older\":\"12-40\"}\n";

} // namespace

void tst_DeadLetterMessages::golden()
{
    compare(samplePage(), goldenPage);
    compare(DeadLetterQuery{u"mail"_s, u"12-40"_s, 7}, "{\"before\":\"12-40\",\"limit\":7,\"name\":\"mail\"}\n");
    compare(DeadLetterReference{u"4711"_s}, "{\"id\":\"4711\"}\n");
    compare(DeadLetterPayload{DeadLetterPayload::Kind::Map, {{u"a"_s, 1}}, {}, 4, false},
            "{\"bytes\":\"\",\"kind\":\"map\",\"map\":{\"a\":1},\"size\":4,\"truncated\":false}\n");
    compare(DeadLetterPayload{DeadLetterPayload::Kind::Bytes, {}, u"AP8="_s, 3'000'000, true},
            "{\"bytes\":\"AP8=\",\"kind\":\"bytes\",\"map\":{},\"size\":3000000,\"truncated\":true}\n");
    compare(DeadLetterSelection{DeadLetterSelection::Scope::Named, {}, u"mail"_s},
            "{\"id\":\"\",\"name\":\"mail\",\"scope\":\"named\"}\n");
    compare(DeadLetterCount{3}, "{\"count\":3}\n");
}

void tst_DeadLetterMessages::names()
{
    QCOMPARE(deadLetterKindName(DeadLetter::Kind::Task), u"task"_s);
    QCOMPARE(deadLetterKindName(DeadLetter::Kind::Event), u"event"_s);
    QCOMPARE(deadLetterStoreName(DeadLetter::Store::Memory), u"memory"_s);
    QCOMPARE(deadLetterStoreName(DeadLetter::Store::Database), u"database"_s);
    using Selection = DeadLetterSelection;
    const QList<std::pair<Selection::Scope, QString>> scopes = {
        {Selection::Scope::One, u"one"_s}, {Selection::Scope::Named, u"named"_s}, {Selection::Scope::All, u"all"_s}};
    for (const auto &[scope, name] : scopes)
        QCOMPARE((Selection{scope, {}, {}}.toJson().value(u"scope"_s).toString()), name);
    using Payload = DeadLetterPayload;
    const QList<std::pair<Payload::Kind, QString>> kinds = {
        {Payload::Kind::Map, u"map"_s}, {Payload::Kind::Cbor, u"cbor"_s}, {Payload::Kind::Bytes, u"bytes"_s}};
    for (const auto &[kind, name] : kinds)
        QCOMPARE((Payload{kind, {}, {}, 0, false}.toJson().value(u"kind"_s).toString()), name);
}

void tst_DeadLetterMessages::malformed_data()
{
    QTest::addColumn<QByteArray>("from");
    QTest::addColumn<QByteArray>("to");
    const auto row = [](const char *message, const char *from, const char *to) {
        QTest::newRow(message) << QByteArray(from) << QByteArray(to);
    };
    row("letters[0].id: must be a string, not 7", "\"9223372036854775807\"", "7");
    row("letters[0].kind: must be one of \"task\", \"event\", not the string \"party\"", "\"kind\":\"event\"",
        "\"kind\":\"party\"");
    row("letters[0].attempts: must be an integer from 0 to 2147483647, not -1", "\"attempts\":5", "\"attempts\":-1");
    row("letters[0].store: is missing", ",\"store\":\"database\"", "");
    row("older: must be a string, not null", "\"12-40\"", "null");
}

void tst_DeadLetterMessages::malformed()
{
    QFETCH(const QByteArray, from);
    QFETCH(const QByteArray, to);
    QByteArray line = goldenPage;
    QCOMPARE(line.count(from), 1);
    line.replace(from, to);
    const Result<DeadLetterPage> read = DeadLetterPage::fromJson(*decodeLine(line));
    QVERIFY(!read);
    QCOMPARE(read.error().code(), Error::Protocol);
    QCOMPARE(read.error().message(), QString::fromLatin1(QTest::currentDataTag()));
}

QTEST_GUILESS_MAIN(tst_DeadLetterMessages)
#include "tst_deadlettermessages.moc"
