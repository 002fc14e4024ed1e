// The code of resources/docs/http.md, as it stands there: what a plugin author copies must compile.
#include "guidesupport.h"
#include "sdk/src/application_p.h"

#include <QTest>

#include <memory>
#include <optional>
#include <stdexcept>

using namespace Quern;

namespace {

constexpr int rowCount = 3;

QByteArray rowText(int row)
{
    return QByteArray::number(row) + '\n';
}

void list(const Request &, Response &) {}
void create(const Request &, Response &) {}
void show(const Request &, Response &) {}
void download(const Request &, Response &) {}
void take(const Request &, Response &) {}
void me(const Request &, Response &) {}
void store(QByteArrayView) {}

class Shop
{
public:
    void install(Application &app);
    [[maybe_unused]] static QByteArray link(const Request &request);
    [[maybe_unused]] static void answer(Response &response, const QString &path);
    [[maybe_unused]] static void push(Response &response);

private:
    bool isKnown(const QString &session) const { return session == m_session; }

    QString m_session;
};

// clang-format off
void Shop::install(Application &app)
{
    app.get("/articles", list);                       // GET, and so HEAD; OPTIONS is answered by the server
    app.post("/articles", create);
    app.get("/articles/:id(\\d+)", show).name("article");   // a parameter, with a constraint
    app.get("/files/*path", download);                // the rest of the path
    app.any("/webhook", take);                        // every method that has no route of its own

    app.group("/api", [this](Quern::RouteGroup &api) {
        api.use([this](Quern::Request &request, Quern::Response &response, const Quern::Next &next) {
            if (!isKnown(request.cookie("session")))
                response.setStatus(401).json({{"error", "log in first"}});   // ends it
            else
                next();                                                      // goes on
        });
        api.get("/me", me);
    });

    app.generatedResponse([](const Quern::Request &, Quern::Response &response) {
        response.setHeader("Access-Control-Allow-Origin", "https://app.example");
    });
    app.receivedRequest([](Quern::Request &request, Quern::Response &response) {
        if (request.method() != "OPTIONS" || request.header("Access-Control-Request-Method").isNull())
            return;
        response.setHeader("Access-Control-Allow-Methods", "GET, POST");
        response.setHeader("Access-Control-Allow-Headers", "Content-Type");
        response.setStatus(204).end();
    });

    app.post("/photos", [](const Quern::Request &request, Quern::Response &response) {
        std::optional<Quern::UploadedFile> photo = request.file("photo");
        if (!photo) {
            response.setStatus(400).text("send a form with a file in the field photo\n");
            return;
        }
        const QString target = QStringLiteral("/srv/photos/") + QString::fromLatin1(request.idText());
        if (const auto moved = photo->moveTo(target); !moved)
            throw std::runtime_error(moved.error().message().toStdString());   // logged, and answered 500
        response.setStatus(201).json({{"name", photo->fileName()}, {"size", photo->size()}});
    });

    app.post("/import", [](const Quern::Request &request, Quern::Response &response) {
        auto answer = response.defer();
        request.onBody([](QByteArrayView part) { store(part); },
                       [answer](bool complete) mutable {
                           if (!complete)
                               return;                 // the client has gone
                           answer.text(QStringLiteral("done\n"));
                           answer.end();
                       });
    }).streamBody();

    struct Export
    {
        Quern::ResponseStream stream;
        int row = 0;

        void pump()
        {
            while (row < rowCount) {
                if (!stream.write(rowText(row++)))
                    return;   // enough is waiting: onDrain goes on, or the client has gone
            }
            stream.end();
        }
    };

    app.get("/export", [](const Quern::Request &, Quern::Response &response) {
        auto work = std::make_shared<Export>(Export{response.stream("text/csv")});
        work->stream.onDrain([work] { work->pump(); });
        work->pump();
    });
}

QByteArray Shop::link(const Request &request)
{
    return request.urlFor("article", {{"id", QStringLiteral("5")}});
}

void Shop::answer(Response &response, const QString &path)
{
    response.setStatus(201).json({{"id", 5}});
    response.setCookie("theme", QStringLiteral("dark"));   // HttpOnly, SameSite=Lax, Path=/
    response.redirect("/articles/5", 303);
    if (const auto sent = response.file(QStringLiteral("/srv/report.pdf")); !sent)
        response.setStatus(404).text(sent.error().message());
    if (const auto sent = response.download(path, QStringLiteral("Bericht.pdf")); !sent)
        response.setStatus(404).text(sent.error().message());
}

void Shop::push(Response &response)
{
    Quern::EventStream events = response.events();        // a heartbeat each 15 s
    events.send({.data = "hello", .id = "7"});   // UTF-8
}
// clang-format on

} // namespace

class tst_Guide : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void everySnippetIsHere();
    void routesAreAccepted();
};

void tst_Guide::everySnippetIsHere()
{
    int found = 0;
    for (const QString &snippet : guide::snippets(GUIDE)) {
        if (snippet.startsWith(u"    [server]")) // TOML
            continue;
        ++found;
        QCOMPARE(guide::missingOf(snippet, THIS_SOURCE), QString());
    }
    QCOMPARE(found, 8);
    QVERIFY(guide::textOf(GUIDE).contains(u"`request.urlFor(\"article\", {{\"id\", QStringLiteral(\"5\")}})`"));
}

void tst_Guide::routesAreAccepted()
{
    ApplicationPrivate data;
    Application app(&data);
    Shop shop;
    shop.install(app);
    QByteArrayList patterns;
    for (const RouteSpec &route : data.routes)
        patterns << route.method + ' ' + route.pattern;
    QVERIFY(patterns.contains("GET /api/me"));
    QVERIFY(patterns.contains("GET /export"));
}

QTEST_APPLESS_MAIN(tst_Guide)
#include "tst_guide.moc"
