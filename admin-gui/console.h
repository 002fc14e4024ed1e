#pragma once

#include "admin-gui/actions/actionrunner.h"
#include "admin-gui/connection/savedservers.h"
#include "admin-gui/connection/session.h"
#include "admin-gui/connection/tokenstore.h"
#include "admin-gui/dialogs/connectdialog.h"
#include "admin-gui/language.h"
#include "admin-gui/store/serverstore.h"
#include "admin-gui/widgets/plainlabels.h"
#include "admin-gui/widgets/theme.h"

#include <QObject>
#include <QPointer>

#include <memory>

namespace Quern::console {

class HelpWindow;
class MainWindow;
class Tray;

/// The console as a whole: one server at a time, and the window on it. Main thread; needs a QApplication.
class Console final : public QObject
{
    Q_OBJECT
public:
    explicit Console(QObject *parent = nullptr);
    ~Console() override;

    /// Goes to another server, with the token that is kept for it.
    void open(const ServerAddress &address);
    /// To that which was looked at last; asks for one if there was none.
    void openLast();
    /// The window is made anew in another language, at the same place. Empty: as the desktop has it.
    void setLanguage(const QString &code);
    void setTheme(theme::Choice choice);

    Session &session() { return m_session; }
    ServerStore &store() { return m_store; }
    ActionRunner &actions() { return m_actions; }
    MainWindow &window() { return *m_window; }
    const Tray &tray() const { return *m_tray; }

private:
    void makeWindow();
    void dropWindow();
    void goTo(const ServerAddress &address);
    void makeServerMenu();
    void makeViewMenu();
    void makeHelpMenu();
    void fillServers(QMenu *menu);
    void ask(const std::optional<SavedServer> &server, const QString &reason);
    void take(const ConnectDialog::Choice &choice);
    void keepToken();
    void tokenNotKept(const ServerAddress &address, const QString &token, const QString &reason);
    void showName();
    QString serverName() const;

    PlainLabels m_plainLabels;
    Language m_language;
    SavedServers m_servers;
    ServerAddress m_address;                       ///< of the server that is chosen
    int m_wish = 0;                                ///< one more with each choice: a keychain may answer for another
    std::optional<ConnectDialog::Choice> m_unkept; ///< its token is kept once the server has taken it
    TokenStore m_tokens;
    Session m_session;
    ServerStore m_store;
    ActionRunner m_actions;
    std::unique_ptr<MainWindow> m_window;
    std::unique_ptr<Tray> m_tray;
    QPointer<HelpWindow> m_help;
};

} // namespace Quern::console
