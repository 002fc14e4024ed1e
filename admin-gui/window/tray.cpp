#include "admin-gui/window/tray.h"

#include "admin-gui/store/health.h"
#include "admin-gui/widgets/theme.h"

#include <QApplication>
#include <QMenu>

namespace Quern::console {

namespace {

/// Some desktops read markup in their messages.
QString plain(QString text)
{
    return text.remove(u'<').remove(u'&');
}

} // namespace

Tray::Tray(Session &session, QWidget *window) : m_session(session), m_window(window), m_menu(std::make_unique<QMenu>())
{
    const auto toggle = [this] {
        m_window->setVisible(!m_window->isVisible() || m_window->isMinimized());
        if (m_window->isVisible()) {
            m_window->showNormal();
            m_window->activateWindow();
        }
    };
    m_menu->addAction(tr("Show or hide the console"), this, toggle);
    m_menu->addAction(tr("Quit the console"), qApp, &QApplication::quit);
    m_icon.setContextMenu(m_menu.get());
    connect(&m_icon, &QSystemTrayIcon::activated, this, [toggle](QSystemTrayIcon::ActivationReason reason) {
        if (reason == QSystemTrayIcon::Trigger)
            toggle();
    });
    connect(&session, &Session::stateChanged, this, &Tray::update);
    connect(&session, &Session::statusChanged, this, &Tray::update);
    m_icon.setIcon(theme::healthIcon(m_tone));
    update();
    if (QSystemTrayIcon::isSystemTrayAvailable())
        m_icon.show();
}

Tray::~Tray() = default;

void Tray::setName(const QString &name)
{
    m_name = name;
    update();
}

void Tray::update()
{
    const Tone tone = healthTone(m_session.state(), m_session.status().get());
    const QString sentence = healthSentence(m_session);
    m_icon.setToolTip(m_name.isEmpty() ? sentence : m_name + QStringLiteral("\n") + sentence);
    if (tone == m_tone)
        return;
    const bool wasBad = m_tone == Tone::Bad;
    m_tone = tone;
    const QIcon icon = theme::healthIcon(tone);
    m_icon.setIcon(icon);
    m_window->setWindowIcon(icon);
    if (tone == Tone::Bad && !wasBad && m_icon.isVisible() && !m_window->isActiveWindow())
        m_icon.showMessage(m_name, plain(sentence), QSystemTrayIcon::Warning);
}

} // namespace Quern::console
