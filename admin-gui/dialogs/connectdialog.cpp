#include "admin-gui/dialogs/connectdialog.h"

#include "admin-gui/widgets/theme.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

namespace Quern::console {

ConnectDialog::ConnectDialog(const std::optional<SavedServer> &server, const QString &reason, QWidget *parent)
    : QDialog(parent)
    , m_address(new QLineEdit)
    , m_name(new QLineEdit)
    , m_token(new QLineEdit)
    , m_keep(new QComboBox)
    , m_problem(new QLabel)
    , m_reason(reason)
{
    setObjectName(QStringLiteral("connect"));
    setWindowTitle(tr("Connect to a server"));
    setAttribute(Qt::WA_DeleteOnClose);
    setModal(true);
    m_address->setObjectName(QStringLiteral("connect.address"));
    m_address->setPlaceholderText(QStringLiteral("https://10.0.0.7:5210"));
    m_address->setMinimumWidth(360);
    m_name->setObjectName(QStringLiteral("connect.name"));
    m_name->setPlaceholderText(tr("as you call it"));
    m_token->setObjectName(QStringLiteral("connect.token"));
    m_token->setEchoMode(QLineEdit::Password);
    m_token->setPlaceholderText(tr("from admin.tokens in the server's runtime directory"));
    m_keep->setObjectName(QStringLiteral("connect.keep"));
    m_keep->addItem(tr("in the keychain of this desktop"), int(TokenStore::Keep::Keychain));
    m_keep->addItem(tr("in a file that only you can read"), int(TokenStore::Keep::PrivateFile));
    m_keep->addItem(tr("until the console is closed"), int(TokenStore::Keep::Memory));
    m_problem->setObjectName(QStringLiteral("connect.problem"));
    m_problem->setWordWrap(true);
    QPalette colors = palette();
    colors.setColor(QPalette::WindowText, theme::toneColor(Tone::Bad, colors));
    m_problem->setPalette(colors);
    auto *buttons = new QDialogButtonBox;
    m_connect = buttons->addButton(tr("Connect"), QDialogButtonBox::AcceptRole);
    m_connect->setObjectName(QStringLiteral("connect.apply"));
    buttons->addButton(tr("Cancel"), QDialogButtonBox::RejectRole);
    auto *layout = new QFormLayout(this);
    layout->addRow(tr("&Address"), m_address);
    layout->addRow(tr("&Name"), m_name);
    layout->addRow(tr("&Token"), m_token);
    layout->addRow(tr("&Keep the token"), m_keep);
    layout->addRow(m_problem);
    layout->addRow(buttons);
    if (server) {
        m_address->setText(server->address.text());
        m_name->setText(server->name);
        m_token->setFocus();
    }
    connect(m_address, &QLineEdit::textChanged, this, &ConnectDialog::check);
    connect(buttons, &QDialogButtonBox::accepted, this, &ConnectDialog::apply);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    check();
}

void ConnectDialog::check()
{
    // A path is not looked up at each key: its file system may take its time.
    const bool isLocal = ServerAddress::isPath(m_address->text());
    const Result<ServerAddress> address =
        isLocal ? Result<ServerAddress>(ServerAddress()) : ServerAddress::parse(m_address->text());
    m_connect->setEnabled(address.ok());
    m_token->setEnabled(!isLocal);
    m_keep->setEnabled(!isLocal);
    QStringList problems;
    if (!m_reason.isEmpty())
        problems.append(m_reason);
    if (!address && !m_address->text().isEmpty())
        problems.append(address.error().message());
    if (address && address->isExposed())
        problems.append(tr("Over plain HTTP whoever sits between can read the token. Use https where you can."));
    m_problem->setText(problems.join(u'\n'));
}

void ConnectDialog::apply()
{
    const Result<ServerAddress> address = ServerAddress::parse(m_address->text());
    if (!address)
        return;
    Choice choice;
    choice.server = {m_name->text().trimmed(), *address};
    // The control socket asks for none.
    choice.token = address->isLocal() ? QString() : m_token->text().trimmed();
    choice.keep = TokenStore::Keep(m_keep->currentData().toInt());
    Q_EMIT chosen(choice);
    accept();
}

} // namespace Quern::console
