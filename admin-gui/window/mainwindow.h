#pragma once

#include "admin-gui/views/view.h"
#include "admin-gui/window/navigation.h"

#include <QMainWindow>

class QActionGroup;
class QListWidget;
class QStackedWidget;

namespace Quern::console {

class ActivityBar;
class Banner;
class HealthHeader;

/// The console's window: the views, and what holds them together. Made anew for another language.
class MainWindow final : public QMainWindow
{
    Q_OBJECT
public:
    explicit MainWindow(const ViewContext &context);
    ~MainWindow() override;

    /// What the user calls the server.
    void setServerName(const QString &name);
    /// The actions of the servers, which are the application's own, go to the top of the first menu.
    QMenu *serverMenu() const { return m_serverMenu; }
    QMenu *viewMenu() const { return m_viewMenu; }
    QMenu *helpMenu() const { return m_helpMenu; }

    View *currentView() const;
    View *view(const QString &name) const;
    QStringList viewNames() const;
    /// The present place is kept, to come back to.
    void go(const QString &view, const QVariantMap &place = {});
    void goBack();
    void setPaused(bool isPaused);
    bool isPaused() const { return m_isPaused; }

Q_SIGNALS:
    void tokenRequested();
    void helpRequested(const QString &view);
    void closed();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void closeEvent(QCloseEvent *event) override;

private:
    void addViews();
    void add(View *view);
    void makeLayout();
    void makeServerMenu();
    void makeViewMenu();
    void makeHelpMenu();
    QAction *makeAction(QMenu *menu, const QString &text, const QKeySequence &keys, const std::function<void()> &act);
    QAction *makeServerAction(const QString &text, const QString &icon, QLatin1StringView method,
                              const std::function<void()> &act);
    void showView(View *view);
    bool takeKey(const QKeyEvent &event);
    void openPalette();
    void openScale();
    void updateActions();
    void updateTitle();

    struct ServerEntry
    {
        QAction *action;
        QLatin1StringView method;
    };

    ViewContext m_context;
    Navigation m_navigation;
    QList<View *> m_views;
    QList<ServerEntry> m_serverEntries;
    QString m_serverName;
    bool m_isPaused = false;
    HealthHeader *m_health;
    Banner *m_banner;
    QListWidget *m_sidebar;
    QStackedWidget *m_stack;
    ActivityBar *m_activity;
    QMenu *m_serverMenu;
    QMenu *m_viewMenu;
    QMenu *m_helpMenu;
    QAction *m_drain = nullptr;
    QAction *m_watch = nullptr;
    QAction *m_pause = nullptr;
    QAction *m_back = nullptr;
};

} // namespace Quern::console
