#include "admin-gui/console.h"

#include "admin-gui/window/mainwindow.h"

namespace Quern::console {

Console::Console(QObject *parent) : QObject(parent), m_store(m_session), m_actions(m_session)
{
    makeWindow();
}

Console::~Console() = default;

void Console::makeWindow()
{
    m_window = std::make_unique<MainWindow>(ViewContext{m_session, m_actions, m_store});
    m_window->show();
}

void Console::open(const ServerAddress &address)
{
    m_store.clear();
    m_session.open(address);
    m_window->setServerName(address.text());
}

} // namespace Quern::console
