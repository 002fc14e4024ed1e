#include "admin-gui/dialogs/filldialog.h"

#include "admin-gui/actions/actionrunner.h"
#include "admin-gui/actions/tableactions.h"
#include "admin-gui/models/format.h"
#include "admin-gui/models/textinput.h"
#include "admin-gui/widgets/recordtable.h"
#include "admin-gui/widgets/theme.h"

#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFontDatabase>
#include <QLabel>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSplitter>
#include <QTextBlock>
#include <QVBoxLayout>

namespace Quern::console {

namespace {

constexpr qint64 largestFile = 16 * 1024 * 1024;
constexpr int typingPauseMs = 250;

} // namespace

FillDialog::FillDialog(const admin::TableDescription &table, ActionRunner &actions, const std::function<void()> &done,
                       QWidget *parent)
    : QDialog(parent)
    , m_table(table)
    , m_actions(actions)
    , m_done(done)
    , m_model(table.columns)
    , m_text(new QPlainTextEdit)
    , m_preview(new RecordTable(&m_model, QStringLiteral("fill.preview")))
    , m_mistakes(new QListWidget)
    , m_summary(new QLabel)
{
    setObjectName(QStringLiteral("fill"));
    setWindowTitle(tr("Fill the table %1").arg(table.name));
    setAttribute(Qt::WA_DeleteOnClose);
    setModal(true);
    resize(860, 620);
    QStringList names{QStringLiteral("key")};
    for (const admin::TableColumn &column : table.columns)
        names.append(column.name);
    auto *help = new QLabel(tr("Paste rows from a table or spreadsheet, or from a CSV file. The first line names the "
                               "columns, those that are left out stay as they are: %1")
                                .arg(names.join(QStringLiteral(", "))));
    help->setWordWrap(true);
    help->setTextFormat(Qt::PlainText);
    m_text->setObjectName(QStringLiteral("fill.text"));
    m_text->setAccessibleName(tr("Rows as text"));
    m_text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_text->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_text->setTabChangesFocus(true);
    m_text->setPlaceholderText(names.join(u'\t') + u'\n');
    m_preview->setAccessibleName(tr("What would be set"));
    m_preview->setEmptyText(tr("What would be set is shown here."));
    m_mistakes->setObjectName(QStringLiteral("fill.mistakes"));
    m_mistakes->setAccessibleName(tr("What is wrong"));
    m_mistakes->setFrameShape(QFrame::NoFrame);
    m_mistakes->setWordWrap(true);
    m_mistakes->hide();
    m_summary->setObjectName(QStringLiteral("fill.summary"));
    m_summary->setWordWrap(true);
    auto *splitter = new QSplitter(Qt::Vertical);
    splitter->addWidget(m_text);
    splitter->addWidget(m_mistakes);
    splitter->addWidget(m_preview);
    splitter->setSizes({220, 120, 240});
    auto *buttons = new QDialogButtonBox;
    QPushButton *open = buttons->addButton(tr("&Open a file…"), QDialogButtonBox::ActionRole);
    open->setObjectName(QStringLiteral("fill.open"));
    m_apply = buttons->addButton(tr("Set rows"), QDialogButtonBox::AcceptRole);
    m_apply->setObjectName(QStringLiteral("fill.apply"));
    buttons->addButton(tr("Cancel"), QDialogButtonBox::RejectRole);
    auto *layout = new QVBoxLayout(this);
    layout->addWidget(help);
    layout->addWidget(splitter, 1);
    layout->addWidget(m_summary);
    layout->addWidget(buttons);
    connect(m_text, &QPlainTextEdit::textChanged, this, [this] {
        m_apply->setEnabled(false);
        m_pause.start(typingPauseMs, this);
    });
    connect(m_mistakes, &QListWidget::itemActivated, this,
            [this](const QListWidgetItem *item) { goToLine(item->data(Qt::UserRole).toInt()); });
    connect(m_mistakes, &QListWidget::itemClicked, m_mistakes, &QListWidget::itemActivated);
    connect(open, &QPushButton::clicked, this, &FillDialog::openFile);
    connect(buttons, &QDialogButtonBox::accepted, this, &FillDialog::apply);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    parse();
    m_text->setFocus();
}

void FillDialog::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_pause.timerId())
        return QDialog::timerEvent(event);
    m_pause.stop();
    parse();
}

void FillDialog::openFile()
{
    auto *dialog =
        new QFileDialog(this, tr("Open a table"), QString(), tr("Tables (*.csv *.tsv *.tab *.txt);;All files (*)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, &FillDialog::readFile);
    dialog->open();
}

void FillDialog::readFile(const QString &path)
{
    const Result<QString> text = readTextFile(path, largestFile);
    if (!text)
        return m_summary->setText(text.error().message());
    m_text->setPlainText(*text);
}

void FillDialog::parse()
{
    m_parsed = RowText::parse(m_text->toPlainText(), m_table.columns);
    m_model.setRecords(m_parsed.rows);
    for (qsizetype i = 0; i < m_table.columns.size(); ++i)
        m_preview->setColumnHidden(int(i) + 1, !m_parsed.columns.contains(m_table.columns.at(i)));
    showMistakes();
    const qsizetype rows = m_parsed.rows.size();
    if (m_parsed.mistakeCount > 0)
        m_summary->setText(
            tr("%n line(s) have to be mended; nothing is sent before.", nullptr, int(m_parsed.mistakeCount)));
    else if (rows > 0)
        m_summary->setText(
            tr("%n row(s) would be made or changed.", nullptr, int(rows)) + u' ' +
            tr("The table holds %1, and has %2.").arg(format::count(m_table.size), format::count(m_table.rows)));
    else
        m_summary->clear();
    m_apply->setText(rows > 0 && m_parsed.mistakeCount == 0 ? tr("Set %n row(s)", nullptr, int(rows)) : tr("Set rows"));
    m_apply->setEnabled(m_parsed.mistakeCount == 0 && rows > 0);
}

void FillDialog::showMistakes()
{
    m_mistakes->clear();
    for (const RowText::Mistake &mistake : m_parsed.mistakes) {
        auto *item = new QListWidgetItem(tr("Line %1: %2").arg(mistake.line).arg(mistake.text), m_mistakes);
        item->setData(Qt::UserRole, int(mistake.line));
        item->setForeground(theme::toneColor(Tone::Bad, palette()));
    }
    if (m_parsed.mistakeCount > m_parsed.mistakes.size())
        new QListWidgetItem(tr("… and %1 more").arg(m_parsed.mistakeCount - m_parsed.mistakes.size()), m_mistakes);
    m_mistakes->setVisible(m_parsed.mistakeCount > 0);
}

void FillDialog::goToLine(int line)
{
    const QTextBlock block = m_text->document()->findBlockByNumber(line - 1);
    if (line == 0 || !block.isValid())
        return;
    QTextCursor cursor(block);
    cursor.movePosition(QTextCursor::EndOfBlock, QTextCursor::KeepAnchor);
    m_text->setTextCursor(cursor);
    m_text->setFocus();
}

void FillDialog::apply()
{
    if (m_pause.isActive() || m_parsed.mistakeCount > 0 || m_parsed.rows.isEmpty())
        return;
    m_actions.run(tableactions::setRows(m_table.name, m_parsed.rows), [done = m_done](const auto &) { done(); });
    accept();
}

void FillDialog::ask(const admin::TableDescription &table, ActionRunner &actions, const std::function<void()> &done,
                     QWidget *parent)
{
    (new FillDialog(table, actions, done, parent))->open();
}

} // namespace Quern::console
