#include "admin-gui/dialogs/rowdialog.h"

#include "admin-gui/actions/actionrunner.h"
#include "admin-gui/actions/tableactions.h"
#include "admin-gui/models/celltext.h"
#include "admin-gui/models/format.h"
#include "admin-gui/widgets/commandlabel.h"
#include "admin-gui/widgets/theme.h"
#include "admin/protocol/methods.h"

#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpressionValidator>
#include <QScrollArea>
#include <QVBoxLayout>

namespace Quern::console {

namespace {

constexpr qsizetype longestCommand = 1000;

/// What a field of that type can be on the way to a value; whether it is one, celltext says.
class TypeValidator final : public QValidator
{
public:
    TypeValidator(admin::TableColumn column, QObject *parent) : QValidator(parent), m_column(std::move(column)) {}

    State validate(QString &text, int &) const override
    {
        static const QRegularExpression integer(QStringLiteral("\\A-?[0-9]*\\z"));
        static const QRegularExpression number(QStringLiteral("\\A[-+0-9.eENaIinfty]*\\z"));
        using Type = admin::TableColumn::Type;
        if (m_column.type == Type::Int && !integer.match(text).hasMatch())
            return Invalid;
        if (m_column.type == Type::Float && !number.match(text).hasMatch())
            return Invalid;
        return celltext::toValue(text, m_column) ? Acceptable : Intermediate;
    }

private:
    const admin::TableColumn m_column;
};

/// Of a row filter: the one row with that key.
QString filterFor(const QString &key)
{
    QString quoted = key;
    quoted.replace(u'\\', QStringLiteral("\\\\")).replace(u'"', QStringLiteral("\\\""));
    return QStringLiteral("key:\"%1\"").arg(quoted);
}

QString labelOf(const QString &name)
{
    QString label = format::oneLine(name, 40);
    return label.replace(u'&', QStringLiteral("&&"));
}

} // namespace

RowDialog::RowDialog(const admin::TableDescription &table, const std::optional<admin::TableRow> &row,
                     ActionRunner &actions, const std::function<void()> &done, QWidget *parent)
    : QDialog(parent)
    , m_table(table)
    , m_row(row)
    , m_actions(actions)
    , m_done(done)
    , m_key(makeField(QStringLiteral("key"), tr("text, up to %n byte(s)", nullptr, int(celltext::longestKey))))
    , m_mistake(new QLabel)
    , m_command(new CommandLabel)
{
    setObjectName(QStringLiteral("row"));
    setWindowTitle(row ? tr("Edit a row of %1").arg(table.name) : tr("Add a row to %1").arg(table.name));
    setAttribute(Qt::WA_DeleteOnClose);
    setModal(true);
    m_fieldsArea = new QWidget;
    QWidget *fields = m_fieldsArea;
    auto *form = new QFormLayout(fields);
    addFields(form);
    auto *area = new QScrollArea;
    area->setWidget(fields);
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setMinimumSize(460, std::min(fields->sizeHint().height() + 4, 420));
    m_mistake->setObjectName(QStringLiteral("row.mistake"));
    m_mistake->setWordWrap(true);
    m_mistake->setTextFormat(Qt::PlainText);
    m_mistake->setMinimumHeight(fontMetrics().height() * 2);
    QPalette colors = m_mistake->palette();
    colors.setColor(QPalette::WindowText, theme::toneColor(Tone::Bad, palette()));
    m_mistake->setPalette(colors);
    auto *buttons = new QDialogButtonBox;
    m_apply = buttons->addButton(row ? tr("Set") : tr("Add"), QDialogButtonBox::AcceptRole);
    m_apply->setObjectName(QStringLiteral("row.apply"));
    buttons->addButton(tr("Cancel"), QDialogButtonBox::RejectRole);
    auto *layout = new QVBoxLayout(this);
    layout->addWidget(area, 1);
    layout->addWidget(m_mistake);
    layout->addWidget(m_command);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &RowDialog::apply);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    check();
    (row && !m_fields.isEmpty() ? m_fields.constFirst().edit : m_key)->setFocus();
}

QLineEdit *RowDialog::makeField(const QString &name, const QString &type)
{
    auto *edit = new QLineEdit;
    edit->setObjectName(QStringLiteral("row.") + name);
    edit->setAccessibleName(name);
    edit->setAccessibleDescription(type);
    edit->setToolTip(type);
    connect(edit, &QLineEdit::textChanged, this, &RowDialog::check);
    return edit;
}

void RowDialog::addFields(QFormLayout *form)
{
    m_key->setReadOnly(m_row.has_value());
    form->addRow(tr("Key"), m_key);
    for (const admin::TableColumn &column : m_table.columns) {
        const QString type = celltext::typeText(column);
        QLineEdit *edit = makeField(column.name, type);
        const QJsonValue value = m_row ? m_row->values.value(column.name) : QJsonValue(QJsonValue::Undefined);
        const bool isOmitted = celltext::omittedBytes(value) >= 0;
        edit->setPlaceholderText(isOmitted ? tr("%1: stays as it is").arg(celltext::ofValue(value, column)) : type);
        const QString text = isOmitted ? QString() : celltext::ofValue(value, column);
        edit->setText(text);
        edit->setCursorPosition(0);
        edit->setValidator(new TypeValidator(column, edit));
        m_fields.append({column, edit, text});
        form->addRow(labelOf(column.name), edit);
    }
    if (m_row)
        m_key->setText(celltext::ofBytes(m_row->key.bytes));
}

Result<admin::TableRow> RowDialog::wanted() const
{
    admin::TableRow row;
    if (m_row) {
        row.key = m_row->key;
    } else {
        const Result<QByteArray> key = celltext::toKey(m_key->text());
        if (!key)
            return Error(Error::Invalid, tr("The key %1.").arg(key.error().message()));
        row.key = {*key};
    }
    for (const Field &field : m_fields) {
        if (field.edit->text() == field.before)
            continue;
        const Result<QJsonValue> value = celltext::toValue(field.edit->text(), field.column);
        if (!value)
            return Error(Error::Invalid, tr("%1 %2.").arg(field.column.name, value.error().message()));
        row.values.insert(field.column.name, *value);
    }
    return row;
}

void RowDialog::check()
{
    if (!m_apply)
        return;
    const Result<admin::TableRow> row = wanted();
    const bool isChange = row && (!m_row || !row->values.isEmpty());
    m_mistake->setText(row || (!m_row && m_key->text().isEmpty()) ? QString() : row.error().message());
    m_apply->setEnabled(isChange);
    const QString command = isChange ? m_actions.commandLine(tableactions::setRow(m_table.name, *row)) : QString();
    m_command->setVisible(!command.isEmpty() && command.size() <= longestCommand);
    m_command->setCommand(command);
}

void RowDialog::apply()
{
    const Result<admin::TableRow> row = wanted();
    if (!row)
        return;
    if (m_row)
        send(*row);
    else
        applyUnlessThere(*row);
}

void RowDialog::applyUnlessThere(const admin::TableRow &row)
{
    if (celltext::isHex(row.key.bytes))
        return send(row); // a filter has no words for it
    admin::TableRowQuery query;
    query.table = m_table.name;
    query.limit = 1;
    query.filter = filterFor(m_key->text());
    // What is looked for is what is sent.
    m_fieldsArea->setEnabled(false);
    m_apply->setEnabled(false);
    m_actions.session().ask<admin::TableRowPage>(
        admin::Methods::tableRows, query.toJson(), this, [this, row](const Result<admin::TableRowPage> &page) {
            m_fieldsArea->setEnabled(true);
            m_apply->setEnabled(true);
            if (!page)
                m_mistake->setText(page.error().message());
            else if (!page->rows.isEmpty())
                m_mistake->setText(tr("There is a row with this key already."));
            else
                send(row);
        });
}

void RowDialog::send(const admin::TableRow &row)
{
    m_actions.run(tableactions::setRow(m_table.name, row), [done = m_done](const auto &) { done(); });
    accept();
}

void RowDialog::ask(const admin::TableDescription &table, const std::optional<admin::TableRow> &row,
                    ActionRunner &actions, const std::function<void()> &done, QWidget *parent)
{
    (new RowDialog(table, row, actions, done, parent))->open();
}

} // namespace Quern::console
