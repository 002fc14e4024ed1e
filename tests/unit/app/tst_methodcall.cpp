#include "app/server/methodcall.h"

#include "admin/protocol/access.h"
#include "admin/protocol/endpoints.h"
#include "admin/protocol/methods.h"

#include <QTest>

#include <algorithm>

using namespace Quern;
using app::MethodCall;
namespace Methods = admin::Methods;

/// `quern call …`, up to what is sent.
class TestMethodCall : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void parsed();
    void everyMethodButThoseOfEvents();
    void whatTakesItsTime();
    void refused_data();
    void refused();
};

void TestMethodCall::parsed()
{
    const Result<MethodCall> bare = MethodCall::parse({QStringLiteral("server.status")});
    QVERIFY(bare);
    QCOMPARE(bare->method, Methods::serverStatus);
    QCOMPARE(bare->params, QJsonObject());
    const Result<MethodCall> whole =
        MethodCall::parse({QStringLiteral("cron.run"), QStringLiteral(" {\"job\": \"b\u00fccher\"} ")});
    QVERIFY(whole);
    QCOMPARE(whole->method, Methods::cronRun);
    QCOMPARE(whole->params, (QJsonObject{{QStringLiteral("job"), QStringLiteral("b\u00fccher")}}));
}

void TestMethodCall::everyMethodButThoseOfEvents()
{
    const auto streamed = admin::streamMethods();
    for (const admin::MethodAccess &access : admin::methodAccess()) {
        const bool isStreamed = std::find(streamed.begin(), streamed.end(), access.method) != streamed.end();
        QVERIFY2(MethodCall::parse({access.method}).ok() != isStreamed, access.method.data());
    }
}

void TestMethodCall::whatTakesItsTime()
{
    QStringList methods;
    for (const admin::MethodAccess &access : admin::methodAccess()) {
        const Result<MethodCall> call = MethodCall::parse({access.method});
        if (call && call->isLong)
            methods.append(access.method);
    }
    QCOMPARE(methods, (QStringList{Methods::serverStop, Methods::serverReload, Methods::serverScale,
                                   Methods::serverDrain, Methods::serverRestart}));
}

void TestMethodCall::refused_data()
{
    QTest::addColumn<QStringList>("words");
    QTest::addColumn<QString>("message");
    const auto row = [](const QStringList &words, const char *message) {
        QTest::newRow(message) << words << QString::fromLatin1(message);
    };
    const QString method = QStringLiteral("cron.run");
    row({}, "write: quern call METHOD [JSON]; the guide share/doc/quern/management.md lists the methods");
    row({QStringLiteral("server.sttaus")}, "call: there is no method server.sttaus; did you mean server.status?");
    row({QStringLiteral("teapot")}, "call: there is no method teapot; the guide share/doc/quern/management.md lists");
    row({QString()}, "call: there is no method ");
    row({method, QStringLiteral("{")}, "call: the parameters must be a JSON object, in quotes for the shell, such as "
                                       "'{\"job\": \"nightly\"}': not JSON at byte 1");
    row({method, QStringLiteral("[]")}, "call: the parameters must be a JSON object, in quotes for the shell, such as "
                                        "'{\"job\": \"nightly\"}': a message must be a JSON object, not an array");
    row({method, QStringLiteral("nightly")}, "call: the parameters must be a JSON object, in quotes for the shell");
    row({method, QString()}, "call: the parameters must be a JSON object, in quotes");
    row({QStringLiteral("log.follow")}, "call: log.follow is answered by events, and this command takes one answer; "
                                        "write: quern logs --follow");
    row({QStringLiteral("operation.watch")}, "call: operation.watch is answered by events, and this command takes one "
                                             "answer; call operation.read");
    row({QStringLiteral("server.subscribe")}, "call: server.subscribe is answered by events, and this command takes "
                                              "one answer; call server.status");
}

void TestMethodCall::refused()
{
    QFETCH(const QStringList, words);
    QFETCH(const QString, message);
    const Result<MethodCall> call = MethodCall::parse(words);
    QVERIFY(!call);
    QCOMPARE(call.error().code(), Error::Invalid);
    QVERIFY2(call.error().message().startsWith(message), qPrintable(call.error().message()));
}

QTEST_APPLESS_MAIN(TestMethodCall)
#include "tst_methodcall.moc"
