#include "consoletest.h"

#include "admin-gui/window/mainwindow.h"

#include <QDialog>
#include <QDir>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QScreen>
#include <QSettings>
#include <QTableView>

using namespace Quern::console;

namespace {

QString plain(QString text)
{
    text.remove(u'&');
    text.remove(QStringLiteral("…"));
    return text;
}

} // namespace

ConsoleTest::ConsoleTest() : m_server(std::make_unique<TestServer>())
{
    QApplication::setOrganizationName(QStringLiteral("Quern"));
    QApplication::setApplicationName(QStringLiteral("QuernTest"));
    if (!m_server->start())
        return;
    m_console = std::make_unique<Console>();
    m_console->open(ServerAddress::ofSocket(m_server->socketPath()));
    m_isReady = QTest::qWaitForWindowActive(&window(), 10'000) && waitConnected();
}

ConsoleTest::~ConsoleTest() = default;

QWidget *ConsoleTest::root() const
{
    return &m_console->window();
}

bool ConsoleTest::wait(const std::function<bool()> &condition, int milliseconds)
{
    return QTest::qWaitFor(condition, milliseconds);
}

bool ConsoleTest::waitConnected()
{
    return wait([this] { return m_console->session().state().isUp() && m_console->session().status(); });
}

QAction *ConsoleTest::action(const QString &text) const
{
    QList<QAction *> open = m_console->window().menuBar()->actions();
    while (!open.isEmpty()) {
        QAction *each = open.takeFirst();
        if (each->menu())
            open += each->menu()->actions();
        else if (plain(each->text()) == text)
            return each;
    }
    return nullptr;
}

QDialog *ConsoleTest::dialog(const QString &name) const
{
    QDialog *found = nullptr;
    wait([&] {
        found = root()->findChild<QDialog *>(name);
        return found && found->isVisible();
    });
    return found;
}

QString ConsoleTest::activity() const
{
    return find<QLabel>(QStringLiteral("activity.text"))->text();
}

bool ConsoleTest::perform(const QString &text, const QString &outcome)
{
    QAction *chosen = action(text);
    if (!chosen || !wait([chosen] { return chosen->isEnabled(); }))
        return false;
    const bool asks = chosen->text().endsWith(u'…');
    chosen->trigger();
    if (asks) {
        QDialog *question = dialog(QStringLiteral("confirm"));
        if (!question)
            return false;
        QTest::mouseClick(question->findChild<QPushButton *>(QStringLiteral("confirm.proceed")), Qt::LeftButton);
    }
    return wait([&] { return activity().contains(outcome); }, 40'000);
}

QStringList ConsoleTest::rows(const QTableView &table, int column)
{
    QStringList texts;
    for (int row = 0; row < table.model()->rowCount(); ++row)
        texts.append(table.model()->index(row, column).data().toString());
    return texts;
}

void ConsoleTest::press(int key, Qt::KeyboardModifiers modifiers)
{
    QWidget *focus = QApplication::focusWidget();
    QTest::keyClick(focus ? focus : &window(), Qt::Key(key), modifiers);
}

void ConsoleTest::shoot(const QString &name)
{
    QDir().mkpath(QStringLiteral(QUERN_SCREENSHOTS));
    QTest::qWait(50); // what has been changed just now is drawn
    const QRect frame = window().geometry();
    const QPixmap picture = window().screen()->grabWindow(0, frame.x(), frame.y(), frame.width(), frame.height());
    picture.save(QStringLiteral(QUERN_SCREENSHOTS "/%1.png").arg(name));
}
