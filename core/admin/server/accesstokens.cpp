#include "admin/server/accesstokens.h"

#include <QByteArrayList>
#include <QCryptographicHash>
#include <QRandomGenerator>

#include <algorithm>
#include <array>

namespace Quern::admin {

namespace {

QByteArray digestOf(QByteArrayView token)
{
    return QCryptographicHash::hash(token.toByteArray(), QCryptographicHash::Sha256);
}

QByteArray randomToken()
{
    std::array<quint32, 8> words = {};
    QRandomGenerator::system()->generate(words.begin(), words.end());
    return QByteArray(reinterpret_cast<const char *>(words.data()), qsizetype(sizeof words))
        .toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
}

/// Looks at every byte, whatever the first ones are.
bool isSame(const QByteArray &one, const QByteArray &other)
{
    uchar difference = one.size() == other.size() ? 0 : 1;
    for (qsizetype i = 0; i < std::min(one.size(), other.size()); ++i)
        difference = uchar(difference | (uchar(one.at(i)) ^ uchar(other.at(i))));
    return difference == 0;
}

bool isName(QByteArrayView text)
{
    constexpr qsizetype longest = 64;
    return text.size() <= longest && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                      c == '_' || c == '-';
           });
}

/// RFC 6750 §2.1, without what no subprotocol of a WebSocket may have.
bool isTokenText(QByteArrayView text)
{
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-' || c == '~' || c == '+';
    });
}

} // namespace

QByteArray AccessTokens::freshFile()
{
    QByteArray file =
        "# Who may use the management API: ROLE NAME TOKEN, one a line. A viewer looks, an operator leads the\n"
        "# service, an admin changes its data and ends it. `quern reload` reads this file anew.\n";
    for (const Role role : {Role::Viewer, Role::Operator, Role::Admin}) {
        const QByteArray name = roleName(role).toLatin1();
        file += name + ' ' + name + ' ' + randomToken() + '\n';
    }
    return file;
}

Result<AccessTokens> AccessTokens::parse(const QByteArray &file, const QString &path)
{
    AccessTokens tokens;
    int number = 0;
    const auto refuse = [&path, &number](const QString &text) {
        return Error(Error::Invalid, QStringLiteral("%1:%2: %3").arg(path, QString::number(number), text));
    };
    const QByteArrayList lines = file.split('\n');
    for (const QByteArray &line : lines) {
        ++number;
        const QByteArray text = line.simplified();
        if (text.isEmpty() || text.startsWith('#'))
            continue;
        const QByteArrayList words = text.split(' ');
        if (words.size() != 3)
            return refuse(QStringLiteral("a line must be ROLE NAME TOKEN; correct or remove it"));
        const std::optional<Role> role = roleOfName(QString::fromUtf8(words.at(0)));
        if (!role)
            return refuse(QStringLiteral("a role must be viewer, operator or admin; correct the first word"));
        if (!isName(words.at(1)))
            return refuse(QStringLiteral("a name must be at most 64 letters, digits and \".\", \"_\", \"-\"; correct "
                                         "the second word"));
        const QByteArray &token = words.at(2);
        if (token.size() < ShortestToken || token.size() > LongestToken || !isTokenText(token)) {
            return refuse(QStringLiteral("a token must have %1 to %2 letters, digits and \".\", \"_\", \"-\", \"~\", "
                                         "\"+\"; make one by: openssl rand -hex 32")
                              .arg(ShortestToken)
                              .arg(LongestToken));
        }
        if (tokens.find(token))
            return refuse(QStringLiteral("this token stands there twice; remove one"));
        if (tokens.size() >= MostTokens)
            return refuse(QStringLiteral("there are more than %1 tokens; remove some").arg(MostTokens));
        tokens.m_holders.push_back({*role, QString::fromLatin1(words.at(1)), digestOf(token)});
    }
    if (tokens.m_holders.empty()) {
        return Error(Error::Invalid, QStringLiteral("%1 has no token; write a line ROLE NAME TOKEN, or remove the file "
                                                    "to have it made anew")
                                         .arg(path));
    }
    return tokens;
}

std::optional<TokenHolder> AccessTokens::find(QByteArrayView token) const
{
    const QByteArray digest = digestOf(token);
    const TokenHolder *found = nullptr;
    for (const TokenHolder &holder : m_holders)
        found = isSame(holder.digest, digest) ? &holder : found;
    return found ? std::optional(*found) : std::nullopt;
}

bool AccessTokens::holds(const TokenHolder &holder) const
{
    return std::find(m_holders.begin(), m_holders.end(), holder) != m_holders.end();
}

} // namespace Quern::admin
