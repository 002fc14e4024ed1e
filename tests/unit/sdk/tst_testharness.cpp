#include "harnesssupport.h"

#include <QJsonObject>
#include <QPluginLoader>
#include <QTemporaryFile>
#include <QTest>

#include <stdexcept>

using namespace Quern;
using namespace std::chrono_literals;

/// What goes on within one call.
class tst_TestHarness : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void answersAtOnce();
    void settingsReachThePlugin();
    void refusedInstallation_data();
    void refusedInstallation();
    void withoutRoute_data();
    void withoutRoute();
    void refusedRequests_data();
    void refusedRequests();
    void registrationAfterInstall();
    void applicationOutlivesTheHarness();
    void formAsBytes();
    void name();
    void bodies();
    void forms();
    void hooksAndMiddleware();
    void exceptions_data();
    void exceptions();
    void files();
    void pluginOfAFile();
};

void tst_TestHarness::answersAtOnce()
{
    Server server([](Application &app) {
        app.get("/hello/:name", [](const Request &request, Response &response) {
            response.addHeader("X-Twice", "1").addHeader("X-Twice", "2");
            response.json({{"hello", request.param("name")}, {"q", request.query("q")}, {"host", request.host()}});
        });
        app.del("/hello/:name", [](const Request &, Response &response) { response.setStatus(204).text("unsent"); });
    });
    QVERIFY(server.harness.installed().ok());
    const TestResponse response = server.harness.get("/hello/J%C3%BCrgen?q=a+b");
    QCOMPARE(response.status, 200);
    QCOMPARE(response.problem(), QString());
    QCOMPARE(response.header("content-type"), QByteArrayLiteral("application/json"));
    QCOMPARE(response.headerAll("X-Twice"), (QList<QByteArray>{"1", "2"}));
    QVERIFY(response.header("X-Absent").isNull());
    const QJsonObject json = response.json()->toObject();
    QCOMPARE(json[u"hello"_qs].toString(), QStringLiteral("Jürgen"));
    QCOMPARE(json[u"q"_qs].toString(), QStringLiteral("a b"));
    QCOMPARE(json[u"host"_qs].toString(), QStringLiteral("localhost"));

    const TestResponse head = server.harness.request({.method = "HEAD", .target = "/hello/x"});
    QCOMPARE(head.status, 200);
    QCOMPARE(head.header("Content-Type"), QByteArrayLiteral("application/json"));
    QVERIFY(head.body.isEmpty());
    QVERIFY(!head.json().ok());
    const TestResponse none = server.harness.request({.method = "DELETE", .target = "/hello/x"});
    QCOMPARE(none.status, 204);
    QVERIFY(none.body.isEmpty());
}

void tst_TestHarness::settingsReachThePlugin()
{
    Server server(
        [](Application &app) {
            const QString greeting = app.settings().value(u"greeting"_qs).toString();
            app.get("/", [greeting](const Request &, Response &response) { response.text(greeting); });
        },
        {{u"greeting"_qs, u"Servus"_qs}});
    QCOMPARE(server.harness.get("/").body, QByteArrayLiteral("Servus"));
}

void tst_TestHarness::refusedInstallation_data()
{
    QTest::addColumn<bool>("isStandard");
    QTest::addColumn<QString>("reason");
    QTest::newRow("exception") << true << u"no database"_qs;
    QTest::newRow("something else") << false << u"no std::exception"_qs;
}

void tst_TestHarness::refusedInstallation()
{
    QFETCH(bool, isStandard);
    QFETCH(QString, reason);
    Server server([isStandard](Application &app) {
        app.get("/", [](const Request &, Response &) {});
        if (isStandard)
            throw std::runtime_error("no database");
        throw 42;
    });
    QVERIFY(!server.harness.installed().ok());
    QCOMPARE(server.harness.installed().error().code(), Error::Invalid);
    QVERIFY2(server.harness.installed().error().message().contains(reason),
             qPrintable(server.harness.installed().error().message()));
    const TestResponse response = server.harness.get("/");
    QCOMPARE(response.status, 0);
    QCOMPARE(response.error->code(), Error::Invalid);
    QVERIFY(response.problem().contains(reason));
}

void tst_TestHarness::withoutRoute_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("allow");
    QTest::newRow("no path") << QByteArray("GET") << QByteArray("/absent") << 404 << QByteArray();
    QTest::newRow("no method") << QByteArray("POST") << QByteArray("/") << 405 << QByteArray("GET, HEAD, OPTIONS");
    QTest::newRow("options") << QByteArray("OPTIONS") << QByteArray("/") << 204 << QByteArray("GET, HEAD, OPTIONS");
    QTest::newRow("all") << QByteArray("OPTIONS") << QByteArray("*") << 204 << QByteArray("GET, HEAD, OPTIONS");
}

void tst_TestHarness::withoutRoute()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, target);
    QFETCH(int, status);
    int cleaned = 0;
    Server server([&cleaned](Application &app) {
        app.get("/", [](const Request &, Response &) {});
        app.generatedResponse([](const Request &, Response &response) { response.setHeader("X-Hook", "1"); });
        app.cleaner([&cleaned](const Request &) { ++cleaned; });
    });
    const TestResponse response = server.harness.request({.method = method, .target = target});
    QCOMPARE(response.status, status);
    QCOMPARE(response.isErrorPage, status != 204);
    QTEST(response.header("Allow"), "allow");
    QCOMPARE(response.header("X-Hook"), QByteArrayLiteral("1"));
    QVERIFY(!response.error);
    QCOMPARE(cleaned, 0); // nothing of the application has run
}

void tst_TestHarness::refusedRequests_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("field");
    QTest::addColumn<int>("status");
    QTest::addColumn<QString>("part");
    const auto row = [](const char *title, const char *method, const char *target, const char *field, int status,
                        const QString &part) {
        QTest::newRow(title) << QByteArray(method) << QByteArray(target) << QByteArray(field) << status << part;
    };
    row("no path", "GET", "hello", "a", 400, u"let it start with '/'"_qs);
    row("space", "GET", "/a b", "a", 400, u"percent-encode"_qs);
    row("dot segment", "GET", "/a/../b", "a", 400, u"dot segment"_qs);
    row("malformed escape", "GET", "/%zz", "a", 400, u"malformed percent-escape"_qs);
    row("method", "G T", "/", "a", 400, u"is not a token"_qs);
    row("unknown method", "BREW", "/", "a", 501, u"BREW"_qs);
    row("field", "GET", "/", "a b", 400, u"header field name"_qs);
}

void tst_TestHarness::refusedRequests()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, field);
    QFETCH(QString, part);
    Server server([](Application &app) { app.any("/*all", [](const Request &, Response &) {}); });
    const TestResponse response =
        server.harness.request({.method = method, .target = target, .headers = {{field, "1"}}});
    QTEST(response.status, "status");
    QCOMPARE(response.error->code(), Error::Invalid);
    QVERIFY2(response.problem().contains(part), qPrintable(response.problem()));
}

void tst_TestHarness::registrationAfterInstall()
{
    Server server([](Application &app) {
        Route kept = app.get("/kept", [](const Request &, Response &) {});
        app.get("/route", [kept](const Request &, Response &) mutable { kept.retry(false); });
        app.get("/application",
                [&app](const Request &, Response &) { app.get("/late", [](const Request &, Response &) {}); });
    });
    for (const char *target : {"/route", "/application"}) {
        const TestResponse response = server.harness.get(target);
        QCOMPARE(response.status, 500);
        QVERIFY2(response.problem().contains(u"called after install()"), qPrintable(response.problem()));
    }
    QCOMPARE(server.harness.get("/late").status, 404);
}

void tst_TestHarness::applicationOutlivesTheHarness()
{
    Application *kept = nullptr;
    Plugin plugin([&kept](Application &app) { kept = &app; });
    {
        const TestHarness harness(plugin, {{u"a"_qs, 1}});
    }
    QCOMPARE(kept->settings().value(u"a"_qs).toInt(), 1);
    QVERIFY_THROWS_EXCEPTION(std::logic_error, kept->get("/", {}));
}

void tst_TestHarness::formAsBytes()
{
    Server server([](Application &app) {
        app.post("/form", [](const Request &request, Response &response) { response.text(request.form("a")); });
        app.post("/parts",
                 [](const Request &request, Response &response) {
                     request.onBody([answer = response.defer()](QByteArrayView part) mutable {
                         answer.send(part.toByteArray());
                         answer.end();
                     });
                 })
            .streamBody();
    });
    const QByteArray type("Multipart/Form-Data; boundary=x");
    const TestResponse response = server.harness.post("/form", "--x\r\n", type);
    QCOMPARE(response.status, 0);
    QCOMPARE(response.error->code(), Error::Invalid);
    QVERIFY2(response.problem().contains(u"addField() and addFile()"), qPrintable(response.problem()));
    QCOMPARE(server.harness.post("/parts", "--x\r\n", type).body, QByteArrayLiteral("--x\r\n"));
}

void tst_TestHarness::name()
{
    Server server(
        [](Application &app) { app.get("/", [](const Request &, Response &) { throw std::runtime_error("oh no"); }); });
    QCOMPARE(server.harness.get("/").problem(), u"oh no (route GET / of plugin Plugin)"_qs);
    server.harness.setName(u"shop"_qs);
    QCOMPARE(server.harness.get("/").problem(), u"oh no (route GET / of plugin shop)"_qs);
}

void tst_TestHarness::bodies()
{
    Server server([](Application &app) {
        app.post("/form", [](const Request &request, Response &response) { response.text(request.form("name")); });
        app.post("/json", [](const Request &request, Response &response) {
            const Result<QJsonValue> value = request.json();
            response.setStatus(value.ok() ? 200 : 400);
            response.text(value.ok() ? value->toObject()[u"name"_qs].toString() : value.error().message());
        });
        app.post("/echo", [](const Request &request, Response &response) {
            response.send(request.body().toByteArray() + '|' + request.header("Content-Length").toByteArray(),
                          request.header("Content-Type"));
        });
    });
    TestHarness &harness = server.harness;
    QCOMPARE(harness.post("/form", "name=a%20b&x=1", "application/x-www-form-urlencoded").body,
             QByteArrayLiteral("a b"));
    QCOMPARE(harness.post("/form", "name=a", "text/plain").body, QByteArray());
    QCOMPARE(harness.post("/json", R"({"name": "Ä"})", "application/json").body, QByteArrayLiteral("Ä"));
    QCOMPARE(harness.post("/json", "{").status, 400);
    const TestResponse echo = harness.post("/echo", "abc", "application/x-test");
    QCOMPARE(echo.body, QByteArrayLiteral("abc|3"));
    QCOMPARE(echo.header("Content-Type"), QByteArrayLiteral("application/x-test"));
}

void tst_TestHarness::forms()
{
    const QByteArray png("\x89PNG\r\n--quern-test-boundary\r\n", 29);
    QString title;
    QString fileName;
    QByteArray content;
    QByteArray type;
    qsizetype count = 0;
    QByteArray body;
    Server server([&](Application &app) {
        app.post("/photos", [&](const Request &request, Response &response) {
            title = request.form("title");
            count = request.files().size();
            const std::optional<UploadedFile> photo = request.file("photo");
            fileName = photo->fileName();
            content = photo->data();
            type = photo->contentType();
            body = request.body().toByteArray();
            response.text(request.header("Content-Type"));
        });
    });
    TestRequest upload{.method = "POST", .target = "/photos"};
    upload.addField("title", "Meer")
        .addFile("photo", "folder/\"sea\".png", png, "image/png")
        .addFile("notes", "n.txt", "x");
    const TestResponse response = server.harness.request(upload);
    QCOMPARE(response.problem(), QString());
    QCOMPARE(title, QStringLiteral("Meer"));
    QCOMPARE(count, 2);
    QCOMPARE(fileName, QStringLiteral("\"sea\".png"));
    QCOMPARE(content, png);
    QCOMPARE(type, QByteArrayLiteral("image/png"));
    // The body is what a client sends, with a boundary that its files do not hold.
    QVERIFY(response.body.startsWith("multipart/form-data; boundary="));
    const QByteArray boundary = response.body.sliced(response.body.indexOf('=') + 1);
    QVERIFY(body.startsWith("--" + boundary + "\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nMeer\r\n"));
    QVERIFY(body.contains("filename=\"folder/%22sea%22.png\"\r\nContent-Type: image/png\r\n\r\n" + png));
    QVERIFY(body.endsWith("\r\n--" + boundary + "--\r\n"));
    QCOMPARE(body.count("--" + boundary + "\r\n"), 3);
}

void tst_TestHarness::hooksAndMiddleware()
{
    QByteArrayList trail;
    Server server([&trail](Application &app) {
        app.receivedRequest([&trail](Request &request, Response &response) {
            trail += "received " + request.method().toByteArray() + ' ' + request.target().toByteArray();
            request.setTarget("/inside");
            if (!request.query("stop").isNull() || request.header("X-Stop") == "1")
                response.setStatus(403).end();
        });
        app.generatedResponse([&trail](const Request &request, Response &response) {
            trail += "generated " + request.routeName().toByteArray();
            response.setHeader("X-Generated", "1");
        });
        app.cleaner([&trail](const Request &) { trail += "cleaned"; });
        app.get("/inside",
                [&trail](const Request &request, Response &response) {
                    trail += "handler";
                    const auto shown = request.clientCertificate().value_or(ClientCertificate());
                    response.text(request.remoteAddress().toLatin1() + request.scheme().toByteArray() +
                                  shown.subject.toUtf8() + shown.fingerprint.right(1));
                })
            .name("inside")
            .use([&trail](Request &, Response &response, const Next &next) {
                trail += "middleware";
                response.defer();
                later(1ms, [next] { next(); });
            });
    });
    const TestResponse response =
        server.harness.request({.target = "/outside",
                                .remoteAddress = "192.0.2.7",
                                .isSecure = true,
                                .clientCertificate = ClientCertificate{QStringLiteral("CN=Ada"), QByteArray(64, '7')}});
    QCOMPARE(response.body, QByteArrayLiteral("192.0.2.7httpsCN=Ada7"));
    QCOMPARE(response.header("X-Generated"), QByteArrayLiteral("1"));
    QCOMPARE(trail, (QByteArrayList{"received GET /outside", "middleware", "handler", "generated inside", "cleaned"}));
    trail.clear();
    const TestResponse stopped = server.harness.request({.target = "/outside", .headers = {{"X-Stop", "1"}}});
    QCOMPARE(stopped.status, 403);
    QVERIFY(!stopped.isErrorPage);
    QCOMPARE(trail, (QByteArrayList{"received GET /outside", "generated ", "cleaned"}));
}

void tst_TestHarness::exceptions_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<int>("status");
    QTest::addColumn<QString>("problem");
    QTest::newRow("handler") << QByteArray("/handler") << 500
                             << u"the shelf is empty (route GET /handler of plugin "_qs;
    QTest::newRow("no exception") << QByteArray("/number") << 500 << u"no std::exception"_qs;
    QTest::newRow("middleware") << QByteArray("/middleware") << 500 << u"neither went on nor answered"_qs;
    QTest::newRow("received hook") << QByteArray("/received") << 500 << u"received throws"_qs;
    QTest::newRow("generated hook") << QByteArray("/generated") << 500 << u"generated throws"_qs;
    QTest::newRow("stream in a hook") << QByteArray("/stream") << 200
                                      << u"began a stream, which has no effect on an answer that leaves"_qs;
    QTest::newRow("after the answer") << QByteArray("/after") << 200 << u"after the answer"_qs;
}

void tst_TestHarness::exceptions()
{
    QFETCH(QByteArray, target);
    QFETCH(QString, problem);
    Server server([](Application &app) {
        app.receivedRequest([](Request &request, Response &) {
            if (request.path() == "/received")
                throw std::runtime_error("received throws");
        });
        app.generatedResponse([](const Request &request, Response &response) {
            if (request.path() == "/generated")
                throw std::runtime_error("generated throws");
            if (request.path() == "/stream")
                response.stream();
        });
        app.get("/stream", [](const Request &, Response &) {});
        app.get("/handler", [](const Request &, Response &) { throw std::runtime_error("the shelf is empty"); });
        app.get("/number", [](const Request &, Response &) { throw 42; });
        app.get("/middleware", [](const Request &, Response &) {}).use([](Request &, Response &, const Next &) {});
        app.get("/generated", [](const Request &, Response &response) { response.text("unsent"); });
        app.get("/after", [](const Request &, Response &response) {
            response.end();
            throw std::runtime_error("after the answer");
        });
    });
    const TestResponse response = server.harness.get(target);
    QTEST(response.status, "status");
    QCOMPARE(response.isErrorPage, response.status == 500);
    QVERIFY(response.body.isEmpty());
    QVERIFY(response.error.has_value());
    QCOMPARE(response.error->code(), Error::Internal);
    QVERIFY2(response.problem().contains(problem), qPrintable(response.problem()));
}

void tst_TestHarness::files()
{
    QTemporaryFile file;
    QVERIFY(file.open());
    QCOMPARE(file.write("lines\n"), 6);
    QVERIFY(file.flush());
    Server server([&file](Application &app) {
        app.get("/file", [&file](const Request &, Response &response) {
            if (!response.download(file.fileName(), u"lines.txt"_qs))
                response.setStatus(404);
        });
        app.get("/gone", [&file](const Request &, Response &response) {
            QVERIFY(response.file(file.fileName()).ok());
            file.remove();
        });
    });
    const TestResponse response = server.harness.get("/file");
    QCOMPARE(response.status, 200);
    QCOMPARE(response.body, QByteArrayLiteral("lines\n"));
    QVERIFY(response.header("Content-Disposition").contains("lines.txt"));
    const TestResponse gone = server.harness.get("/gone");
    QCOMPARE(gone.status, 500);
    QVERIFY2(gone.problem().contains(file.fileName()), qPrintable(gone.problem()));
}

void tst_TestHarness::pluginOfAFile()
{
    QPluginLoader loader(QStringLiteral(WELCOME_PLUGIN));
    const std::unique_ptr<QObject> instance(loader.instance());
    auto *welcome = qobject_cast<HandlerPlugin *>(instance.get());
    QVERIFY2(welcome, qPrintable(loader.errorString()));
    TestHarness harness(*welcome, {{u"allow_crash"_qs, false}});
    QCOMPARE(harness.get("/hello/bar").body, QByteArrayLiteral("{\"hello\":\"bar\"}"));
    QVERIFY(harness.get("/later?ms=20").body.startsWith("Waited for 20 ms"));
    QCOMPARE(harness.get("/crash").status, 403);
    const TestHarness misspelt(*welcome, {{u"allow_crashes"_qs, true}});
    QVERIFY(misspelt.installed().error().message().contains(u"unknown key allow_crashes"));
}

QTEST_GUILESS_MAIN(tst_TestHarness)
#include "tst_testharness.moc"
