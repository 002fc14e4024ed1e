#include "admin-gui/window/mainwindow.h"

#include "admin-gui/actions/serveractions.h"
#include "admin-gui/dialogs/confirmdialog.h"
#include "admin-gui/dialogs/scaledialog.h"
#include "admin-gui/views/allviews.h"
#include "admin-gui/widgets/theme.h"
#include "admin-gui/window/activitybar.h"
#include "admin-gui/window/banner.h"
#include "admin-gui/window/commandpalette.h"
#include "admin-gui/window/healthheader.h"
#include "admin/protocol/methods.h"

#include <QCloseEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QMenuBar>
#include <QSettings>
#include <QStackedWidget>
#include <QTreeView>
#include <QVBoxLayout>

namespace Quern::console {

namespace {

const QString geometryKey = QStringLiteral("window/geometry");
const QString viewKey = QStringLiteral("window/view");

/// Ctrl+1 to Ctrl+9, and Ctrl+0 for the tenth.
QKeySequence keysOfView(qsizetype place)
{
    constexpr qsizetype most = 10;
    if (place >= most)
        return {};
    return QKeySequence(Qt::CTRL | Qt::Key(Qt::Key_0 + int((place + 1) % most)));
}

} // namespace

MainWindow::MainWindow(const ViewContext &context)
    : m_context(context)
    , m_health(new HealthHeader(context.session))
    , m_banner(new Banner(context.session))
    , m_sidebar(new QListWidget)
    , m_stack(new QStackedWidget)
    , m_activity(new ActivityBar(context.actions))
    , m_serverMenu(menuBar()->addMenu(tr("&Server")))
    , m_viewMenu(menuBar()->addMenu(tr("&View")))
    , m_helpMenu(menuBar()->addMenu(tr("&Help")))
{
    setObjectName(QStringLiteral("console"));
    makeLayout();
    for (View *view : makeViews(context))
        add(view);
    m_sidebar->installEventFilter(this);
    for (QTreeView *tree : findChildren<QTreeView *>())
        tree->installEventFilter(this);
    makeServerMenu();
    makeViewMenu();
    makeHelpMenu();
    connect(m_banner, &Banner::tokenRequested, this, &MainWindow::tokenRequested);
    connect(m_sidebar, &QListWidget::currentRowChanged, this, [this](int row) {
        if (row >= 0 && m_views.at(row) != currentView())
            go(m_views.at(row)->name());
    });
    connect(&context.session, &Session::stateChanged, this, &MainWindow::updateActions);
    connect(&context.session, &Session::statusChanged, this, &MainWindow::updateActions);
    context.actions.setConfirm(
        [this](const ServerAction &action, const QString &commandLine, const std::function<void()> &proceed) {
            ConfirmDialog::ask(action, commandLine, proceed, this);
        });
    const QSettings settings;
    if (!restoreGeometry(settings.value(geometryKey).toByteArray()))
        resize(1240, 780);
    View *first = view(settings.value(viewKey).toString());
    showView(first ? first : m_views.constFirst());
    updateActions();
    updateTitle();
}

MainWindow::~MainWindow()
{
    m_context.actions.setConfirm({});
    QSettings settings;
    settings.setValue(geometryKey, saveGeometry());
    settings.setValue(viewKey, currentView()->name());
}

void MainWindow::makeLayout()
{
    m_sidebar->setObjectName(QStringLiteral("sidebar"));
    m_sidebar->setAccessibleName(tr("Views"));
    m_sidebar->setFixedWidth(std::max(150, fontMetrics().averageCharWidth() * 26));
    m_sidebar->setFrameShape(QFrame::NoFrame);
    m_sidebar->setIconSize({18, 18});
    m_sidebar->setSpacing(1);
    auto *right = new QVBoxLayout;
    right->setSpacing(0);
    right->addWidget(m_health);
    right->addWidget(m_banner);
    right->addWidget(m_stack, 1);
    right->addWidget(m_activity);
    auto *central = new QWidget;
    auto *layout = new QHBoxLayout(central);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_sidebar);
    layout->addLayout(right, 1);
    setCentralWidget(central);
}

void MainWindow::add(View *view)
{
    m_views.append(view);
    m_stack->addWidget(view);
    auto *item = new QListWidgetItem(theme::icon(view->name()), view->title(), m_sidebar);
    item->setSizeHint({0, fontMetrics().height() + 14});
    connect(view, &View::goRequested, this, &MainWindow::go);
}

void MainWindow::setServerName(const QString &name)
{
    m_serverName = name;
    m_health->setName(name);
    updateTitle();
}

void MainWindow::updateTitle()
{
    const QString title = m_serverName.isEmpty() ? QStringLiteral("Quern") : m_serverName + QStringLiteral(" – Quern");
    setWindowTitle(m_isPaused ? tr("%1 (paused)").arg(title) : title);
}

View *MainWindow::currentView() const
{
    return static_cast<View *>(m_stack->currentWidget());
}

View *MainWindow::view(const QString &name) const
{
    for (View *each : m_views) {
        if (each->name() == name)
            return each;
    }
    return nullptr;
}

QStringList MainWindow::viewNames() const
{
    QStringList names;
    for (const View *each : m_views)
        names.append(each->name());
    return names;
}

void MainWindow::go(const QString &name, const QVariantMap &place)
{
    View *next = view(name);
    if (!next)
        return;
    m_navigation.leave({currentView()->name(), currentView()->place()});
    showView(next);
    if (!place.isEmpty())
        next->goTo(place);
}

void MainWindow::goBack()
{
    const std::optional<Navigation::Place> place = m_navigation.back();
    if (!place)
        return;
    View *before = view(place->view);
    showView(before);
    before->goTo(place->place);
}

void MainWindow::showView(View *next)
{
    View *before = currentView();
    if (before != next && before)
        before->setActive(false);
    m_stack->setCurrentWidget(next);
    m_sidebar->setCurrentRow(int(m_views.indexOf(next)));
    next->setActive(true);
    next->focusFirst();
    if (m_back)
        m_back->setEnabled(m_navigation.canGoBack());
}

void MainWindow::setPaused(bool isPaused)
{
    m_isPaused = isPaused;
    m_pause->setChecked(isPaused);
    for (View *each : m_views)
        each->setPaused(isPaused);
    updateTitle();
}

QAction *MainWindow::makeAction(QMenu *menu, const QString &text, const QKeySequence &keys,
                                const std::function<void()> &act)
{
    QAction *action = menu->addAction(text);
    action->setShortcut(keys);
    connect(action, &QAction::triggered, this, act);
    return action;
}

QAction *MainWindow::makeServerAction(const QString &text, const QString &icon, QLatin1StringView method,
                                      const std::function<void()> &act)
{
    QAction *action = makeAction(m_serverMenu, text, {}, act);
    if (!icon.isEmpty())
        action->setIcon(theme::icon(icon));
    action->setObjectName(QStringLiteral("action.") + method);
    m_serverEntries.append({action, method});
    return action;
}

void MainWindow::makeServerMenu()
{
    namespace Methods = admin::Methods;
    const auto status = [this] { return m_context.session.status().get(); };
    ActionRunner &actions = m_context.actions;
    makeServerAction(tr("&Reload"), QStringLiteral("reload"), Methods::serverReload, [&actions] {
        actions.run(serveractions::reload());
    })->setShortcut(Qt::CTRL | Qt::Key_R);
    makeServerAction(tr("S&cale…"), QStringLiteral("scale"), Methods::serverScale, [this] { openScale(); });
    m_drain = makeServerAction(tr("&Drain…"), QStringLiteral("drain"), Methods::serverDrain, [&actions, status] {
        actions.run(serveractions::drain(!(status() && status()->draining), status()));
    });
    m_watch = makeServerAction(tr("&Watch files for changes"), {}, Methods::serverWatch, [this, &actions, status] {
        actions.run(serveractions::watch(!(status() && status()->watching)));
        updateActions(); // it is checked once the server says so
    });
    m_watch->setCheckable(true);
    m_serverMenu->addSeparator();
    makeServerAction(tr("Res&tart…"), QStringLiteral("restart"), Methods::serverRestart,
                     [&actions, status] { actions.run(serveractions::restart(status())); });
    makeServerAction(tr("&Stop…"), QStringLiteral("stop"), Methods::serverStop,
                     [&actions, status] { actions.run(serveractions::stop(status())); });
    m_serverMenu->addSeparator();
}

void MainWindow::makeViewMenu()
{
    for (qsizetype i = 0; i < m_views.size(); ++i) {
        const View *each = m_views.at(i);
        makeAction(m_viewMenu, each->title(), keysOfView(i), [this, name = each->name()] {
            go(name);
        })->setIcon(theme::icon(each->name()));
    }
    m_viewMenu->addSeparator();
    makeAction(m_viewMenu, tr("&Commands…"), Qt::CTRL | Qt::Key_K, [this] { openPalette(); });
    makeAction(m_viewMenu, tr("Re&fresh"), Qt::Key_F5, [this] { currentView()->refresh(); });
    m_pause = makeAction(m_viewMenu, tr("&Pause (Space)"), {}, [this] { setPaused(!m_isPaused); });
    m_pause->setCheckable(true);
    m_back = makeAction(m_viewMenu, tr("&Back"), Qt::ALT | Qt::Key_Left, [this] { goBack(); });
    m_back->setIcon(theme::icon(QStringLiteral("back")));
    m_back->setEnabled(false);
    m_viewMenu->addSeparator();
}

void MainWindow::makeHelpMenu()
{
    makeAction(m_helpMenu, tr("&Help on this view"), Qt::Key_F1,
               [this] { Q_EMIT helpRequested(currentView()->name()); });
}

void MainWindow::openPalette()
{
    QList<QAction *> actions;
    for (const QMenu *menu : {m_serverMenu, m_viewMenu, m_helpMenu}) {
        for (QAction *action : menu->actions()) {
            actions.append(action);
            if (action->menu())
                actions += action->menu()->actions();
        }
    }
    for (const QWidget *widget : currentView()->findChildren<QWidget *>())
        actions += widget->actions();
    auto *palette = new CommandPalette(actions, this);
    palette->move(geometry().center() - QPoint(palette->width() / 2, height() / 3));
    palette->open();
}

void MainWindow::openScale()
{
    if (const auto &status = m_context.session.status())
        ScaleDialog::ask(*status, m_context.actions, this);
}

void MainWindow::updateActions()
{
    for (const ServerEntry &entry : m_serverEntries)
        entry.action->setEnabled(m_context.session.may(entry.method));
    const auto &status = m_context.session.status();
    m_watch->setChecked(status && status->watching);
    m_drain->setText(status && status->draining ? tr("End the &drain") : tr("&Drain…"));
}

/// Those that are the window's own.
bool MainWindow::takeKey(const QKeyEvent &event)
{
    if (event.modifiers() == Qt::NoModifier && event.key() == Qt::Key_Space) {
        setPaused(!m_isPaused);
        return true;
    }
    if (event.text() == QStringLiteral("/") && currentView()->filterField()) {
        currentView()->filterField()->setFocus();
        currentView()->filterField()->selectAll();
        return true;
    }
    return false;
}

/// Lists and trees have a use of their own for these keys.
bool MainWindow::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::KeyPress && takeKey(*static_cast<QKeyEvent *>(event)))
        return true;
    return QMainWindow::eventFilter(watched, event);
}

/// What no field has taken.
void MainWindow::keyPressEvent(QKeyEvent *event)
{
    if (!takeKey(*event))
        QMainWindow::keyPressEvent(event);
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    QMainWindow::closeEvent(event);
    Q_EMIT closed();
}

} // namespace Quern::console
