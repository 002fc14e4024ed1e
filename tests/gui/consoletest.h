#pragma once

#include "admin-gui/console.h"
#include "testserver.h"

#include <QTest>

#include <functional>
#include <memory>

class QAction;
class QDialog;
class QTableView;

/// A console on a real server. What it finds and does is what a user could: actions by their menus, keys, fields.
class ConsoleTest
{
public:
    /// With a server that runs, and a console that is connected with it. Fails the test if that takes too long.
    ConsoleTest();
    ~ConsoleTest();
    Q_DISABLE_COPY_MOVE(ConsoleTest)

    TestServer &server() { return *m_server; }
    Quern::console::Console &console() { return *m_console; }
    Quern::console::MainWindow &window() { return m_console->window(); }
    bool isReady() const { return m_isReady; }

    /// Waits for it with a deadline, and tells whether it came true.
    static bool wait(const std::function<bool()> &condition, int milliseconds = 15'000);
    bool waitConnected();

    /// Of a menu, by its text without the marks: "Reload"; null if there is none.
    QAction *action(const QString &text) const;
    template <typename T>
    T *find(const QString &name) const
    {
        return root()->findChild<T *>(name);
    }
    /// The open dialog of this name, once it is there.
    QDialog *dialog(const QString &name) const;
    /// What the foot of the window says.
    QString activity() const;
    /// Runs an action of a menu, answers the question if there is one, and waits for the outcome.
    bool perform(const QString &text, const QString &outcome);
    /// The rows of a table, as they are shown.
    static QStringList rows(const QTableView &table, int column);

    /// Keys to the window.
    void press(int key, Qt::KeyboardModifiers modifiers = Qt::NoModifier);
    /// A picture of the whole window, in the build folder.
    void shoot(const QString &name);

private:
    QWidget *root() const;

    std::unique_ptr<TestServer> m_server;
    std::unique_ptr<Quern::console::Console> m_console;
    bool m_isReady = false;
};
