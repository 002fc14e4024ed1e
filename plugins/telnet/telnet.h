#pragma once

#include "flood.h"

#include <Quern/handlerplugin.h>

#include <QObject>

/// Answers commands, one a line over TCP and Unix sockets, and one a datagram over UDP.
class Telnet final : public QObject, public Quern::HandlerPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID QuernHandlerPlugin_iid FILE "telnet.json")
    Q_INTERFACES(Quern::HandlerPlugin)
public:
    void install(Quern::Application &app) override;

private:
    void received(const Quern::Connection &connection, QByteArrayView bytes);
    /// Does what one line asks for. False if it was the last one.
    bool obey(const Quern::Connection &connection, const QString &line);
    QString startFlood(const Quern::Connection &connection, const QString &count);

    Flood m_flood;
};
