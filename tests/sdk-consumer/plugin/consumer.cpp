#include <Quern/handlerplugin.h>
#include <Quern/result.h>
#include <Quern/server.h>

#include <QObject>

// An author may use Qt's keywords and plain string literals: the SDK forces none of the server's own rules on them.
class Consumer : public QObject, public Quern::HandlerPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID QuernHandlerPlugin_iid FILE "consumer.json")
    Q_INTERFACES(Quern::HandlerPlugin)
public:
    void install(Quern::Application &app) override
    {
        app.get("/greet/:name", [this](const Quern::Request &request, Quern::Response &response) {
            emit greeted(request.param("name"));
            response.json({{"hello", request.param("name")}});
        });
        app.post("/length", [](const Quern::Request &request, Quern::Response &response) {
            const auto length = lengthOf(request);
            if (length.ok())
                response.text(QString::number(*length));
            else
                response.setStatus(400).text(length.error().message());
        });
        app.webSocket("/live/:room")
            .onOpen([](const Quern::Connection &connection, const Quern::Request &request) {
                connection.join(request.param("room"));
                connection.push("hello");
            })
            .onMessage([](const Quern::Connection &connection, const Quern::Message &message) {
                Quern::server().pushToRoom("lobby", message.text());
                Quern::server().push(connection.id(), Quern::jsonText({{"heard", message.text()}}));
            });
    }

signals:
    void greeted(const QString &name);

private:
    static Quern::Result<qsizetype> lengthOf(const Quern::Request &request)
    {
        if (request.body().isEmpty())
            return Quern::Error(Quern::Error::Invalid, "send a body");
        return request.body().size();
    }
};

#include "consumer.moc"
