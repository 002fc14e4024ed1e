#pragma once

#include <Quern/handlerplugin.h>

#include <QObject>

/// Rooms to talk in, over WebSocket, and a page to do it with. It keeps nothing in memory: rooms, and who is in them,
/// are the server's, so any number of workers will do, and one that dies or is replaced takes nothing with it.
class Chat final : public QObject, public Quern::HandlerPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID QuernHandlerPlugin_iid FILE "chat.json")
    Q_INTERFACES(Quern::HandlerPlugin)
public:
    void install(Quern::Application &app) override;
};
