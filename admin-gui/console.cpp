#include "admin-gui/console.h"

#include "admin-gui/window/helpwindow.h"
#include "admin-gui/window/mainwindow.h"
#include "admin-gui/window/tray.h"

#include <QActionGroup>
#include <QApplication>
#include <QFileInfo>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QSettings>

namespace Quern::console {

namespace {

const QString themeKey = QStringLiteral("theme");

} // namespace

Console::Console(QObject *parent) : QObject(parent), m_store(m_session), m_actions(m_session)
{
    qApp->installEventFilter(&m_plainLabels);
    m_language.apply(Language::chosen());
    theme::apply(theme::Choice(QSettings().value(themeKey).toInt()));
    makeWindow();
    connect(&m_session, &Session::statusChanged, this, &Console::showName);
    connect(&m_session, &Session::connected, this, &Console::keepToken);
}

Console::~Console() = default;

void Console::makeWindow()
{
    m_window = std::make_unique<MainWindow>(ViewContext{m_session, m_actions, m_store});
    makeServerMenu();
    makeViewMenu();
    makeHelpMenu();
    m_tray = std::make_unique<Tray>(m_session, m_window.get());
    connect(m_window.get(), &MainWindow::tokenRequested, this, [this] {
        ask(m_servers.find(m_address).value_or(SavedServer{{}, m_address}), m_session.trouble());
    });
    // A tray icon does not keep the program alive.
    connect(m_window.get(), &MainWindow::closed, qApp, &QApplication::quit);
    connect(m_window.get(), &MainWindow::helpRequested, this, [this](const QString &view) {
        if (!m_help)
            m_help = new HelpWindow(m_language.code(), m_window.get());
        m_help->showPage(view);
        m_help->show();
        m_help->raise();
    });
    showName();
    m_window->show();
}

void Console::makeServerMenu()
{
    QMenu *menu = m_window->serverMenu();
    QMenu *servers = menu->addMenu(theme::icon(QStringLiteral("server")), tr("Ser&vers"));
    fillServers(servers);
    connect(servers, &QMenu::aboutToShow, this, [this, servers] { fillServers(servers); });
    QAction *connecting = menu->addAction(tr("C&onnect to…"), this, [this] { ask({}, {}); });
    connecting->setShortcut(Qt::CTRL | Qt::Key_O);
    menu->addAction(tr("&Forget this server"), this, [this] {
        m_servers.remove(m_address);
        m_tokens.remove(m_address);
        showName();
    });
    menu->addSeparator();
    menu->addAction(tr("&Quit"), qApp, &QApplication::quit)->setShortcut(QKeySequence::Quit);
}

void Console::fillServers(QMenu *menu)
{
    menu->clear();
    for (const SavedServer &server : m_servers.list()) {
        const QString text =
            server.name.isEmpty() ? server.address.text() : tr("%1 (%2)").arg(server.name, server.address.text());
        QAction *action = menu->addAction(text);
        // The window, and with it this menu, is replaced: not before the menu has closed.
        connect(
            action, &QAction::triggered, this, [this, address = server.address] { open(address); },
            Qt::QueuedConnection);
        action->setCheckable(true);
        action->setChecked(server.address == m_address);
    }
    if (menu->isEmpty())
        menu->addAction(tr("None has been saved"))->setEnabled(false);
}

void Console::makeViewMenu()
{
    QMenu *menu = m_window->viewMenu();
    QMenu *themes = menu->addMenu(tr("&Theme"));
    auto *themeGroup = new QActionGroup(themes);
    const auto present = theme::Choice(QSettings().value(themeKey).toInt());
    const auto addTheme = [&](const QString &text, theme::Choice choice) {
        QAction *action = themes->addAction(text, this, [this, choice] { setTheme(choice); });
        action->setCheckable(true);
        action->setChecked(choice == present);
        themeGroup->addAction(action);
    };
    addTheme(tr("As the &desktop"), theme::Choice::System);
    addTheme(tr("&Light"), theme::Choice::Light);
    addTheme(tr("Dar&k"), theme::Choice::Dark);
    QMenu *languages = menu->addMenu(tr("&Language"));
    auto *languageGroup = new QActionGroup(languages);
    for (const Language::Choice &choice : Language::choices()) {
        QAction *action = languages->addAction(choice.name);
        connect(
            action, &QAction::triggered, this, [this, code = choice.code] { setLanguage(code); }, Qt::QueuedConnection);
        action->setCheckable(true);
        action->setChecked(choice.code == m_language.code());
        languageGroup->addAction(action);
    }
}

void Console::makeHelpMenu()
{
    m_window->helpMenu()->addAction(tr("&About Quern"), this, [this] {
        QMessageBox::about(m_window.get(), tr("About Quern"),
                           tr("Quern %1, a resident application server.\nThis is its desktop console.")
                               .arg(QApplication::applicationVersion()));
    });
}

void Console::setTheme(theme::Choice choice)
{
    QSettings().setValue(themeKey, int(choice));
    theme::apply(choice);
}

void Console::setLanguage(const QString &code)
{
    const QString view = m_window->currentView()->name();
    const QVariantMap place = m_window->currentView()->place();
    const bool isPaused = m_window->isPaused();
    dropWindow();
    m_language.choose(code);
    makeWindow();
    m_window->go(view, place);
    m_window->setPaused(isPaused);
}

void Console::dropWindow()
{
    m_window->disconnect(this);
    m_window->disconnect(qApp);
    m_tray.reset();
    m_window.reset();
}

/// Nothing of the server before is to be seen, or acted upon, in the view of another.
void Console::goTo(const ServerAddress &address)
{
    ++m_wish;
    m_unkept.reset();
    m_address = address;
    dropWindow();
    m_session.close();
    m_store.clear();
    makeWindow();
    m_servers.setLast(address);
}

void Console::open(const ServerAddress &address)
{
    goTo(address);
    if (address.isLocal()) {
        m_session.open(address);
        return showName();
    }
    m_tokens.read(address, [this, address, wish = m_wish](const Result<QString> &token) {
        if (wish != m_wish)
            return;
        m_session.open(address, token.valueOr({}));
        showName();
        if (!token)
            ask(m_servers.find(address).value_or(SavedServer{{}, address}),
                tr("The token of this server is asked for, since %1.").arg(token.error().message()));
    });
}

void Console::openLast()
{
    const std::optional<ServerAddress> last = m_servers.last();
    if (last)
        open(*last);
    else
        ask({}, {});
}

void Console::ask(const std::optional<SavedServer> &server, const QString &reason)
{
    auto *dialog = new ConnectDialog(server, reason, m_window.get());
    // The dialog goes with the window that is replaced.
    connect(dialog, &ConnectDialog::chosen, this, [this](const ConnectDialog::Choice &choice) {
        QMetaObject::invokeMethod(
            this, [this, choice] { take(choice); }, Qt::QueuedConnection);
    });
    dialog->open();
}

void Console::take(const ConnectDialog::Choice &choice)
{
    const ServerAddress address = choice.server.address;
    m_servers.put(choice.server);
    if (choice.token.isEmpty())
        return open(address);
    goTo(address);
    m_unkept = choice;
    m_session.open(address, choice.token);
    showName();
}

/// One that the server does not know is not to take the place of one that it did.
void Console::keepToken()
{
    if (!m_unkept)
        return;
    const ConnectDialog::Choice choice = *std::exchange(m_unkept, std::nullopt);
    m_tokens.write(choice.server.address, choice.token, choice.keep, [this, choice](const Result<void> &outcome) {
        if (!outcome)
            tokenNotKept(choice.server.address, choice.token, outcome.error().message());
    });
}

/// It works nevertheless, until the console is closed.
void Console::tokenNotKept(const ServerAddress &address, const QString &token, const QString &reason)
{
    auto *box = new QMessageBox(QMessageBox::Warning, tr("The token is not kept"),
                                tr("The token is kept until the console is closed only: %1.").arg(reason),
                                QMessageBox::NoButton, m_window.get());
    box->setObjectName(QStringLiteral("tokenNotKept"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    QPushButton *file = box->addButton(tr("Keep it in a file that only you can read"), QMessageBox::AcceptRole);
    file->setObjectName(QStringLiteral("tokenNotKept.file"));
    box->addButton(tr("Leave it so"), QMessageBox::RejectRole);
    connect(file, &QPushButton::clicked, this, [this, address, token] {
        m_tokens.write(address, token, TokenStore::Keep::PrivateFile, [this, address](const Result<void> &outcome) {
            if (!outcome)
                QMessageBox::warning(m_window.get(), tr("The token is not kept"), outcome.error().message());
        });
    });
    box->open();
}

QString Console::serverName() const
{
    const std::optional<SavedServer> saved = m_servers.find(m_address);
    if (saved && !saved->name.isEmpty())
        return saved->name;
    const auto &status = m_session.status();
    if (m_address.isLocal() && status && !status->configFile.isEmpty())
        return QFileInfo(QFileInfo(status->configFile).path()).fileName();
    return m_address.text();
}

void Console::showName()
{
    const QString name = serverName();
    m_window->setServerName(name);
    m_tray->setName(name);
}

} // namespace Quern::console
