#pragma once

#include "admin-gui/actions/actionrunner.h"
#include "admin-gui/connection/session.h"
#include "admin-gui/store/serverstore.h"

#include <QObject>

#include <memory>

namespace Quern::console {

class MainWindow;

/// The console as a whole: one server at a time, and the window on it. Main thread; needs a QApplication.
class Console final : public QObject
{
    Q_OBJECT
public:
    explicit Console(QObject *parent = nullptr);
    ~Console() override;

    void open(const ServerAddress &address);

    Session &session() { return m_session; }
    MainWindow &window() { return *m_window; }

private:
    void makeWindow();

    Session m_session;
    ServerStore m_store;
    ActionRunner m_actions;
    std::unique_ptr<MainWindow> m_window;
};

} // namespace Quern::console
