#pragma once

#include "admin-gui/connection/session.h"
#include "admin-gui/models/indexedmodel.h"

#include <QSystemTrayIcon>

#include <memory>

class QMenu;

namespace Quern::console {

/// The icon among those of the desktop, in the colour of the server's health; it speaks up when that turns bad. Nothing
/// where the desktop has no place for it.
class Tray final : public QObject
{
    Q_OBJECT
public:
    /// \a window: that its menu shows and hides.
    Tray(Session &session, QWidget *window);
    ~Tray() override;

    /// What the user calls the server.
    void setName(const QString &name);
    Tone tone() const { return m_tone; }

private:
    void update();

    Session &m_session;
    QWidget *m_window;
    QString m_name;
    Tone m_tone = Tone::Faint;
    std::unique_ptr<QMenu> m_menu;
    QSystemTrayIcon m_icon;
};

} // namespace Quern::console
