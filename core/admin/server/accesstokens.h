#pragma once

#include "admin/protocol/access.h"

#include <Quern/result.h>

#include <QByteArray>
#include <QString>

#include <optional>
#include <vector>

namespace Quern::admin {

/// Who holds a token.
struct TokenHolder
{
    Role role = Role::Viewer;
    QString name;
    QByteArray digest; ///< SHA-256 of the token

    bool operator==(const TokenHolder &) const = default;
};

/// Those who may use the API, by their tokens, of which only digests are kept. A plain value; any thread.
class AccessTokens
{
public:
    static constexpr qsizetype MostTokens = 1000;
    /// In characters; those that are made have 43, which hold 256 random bits.
    static constexpr qsizetype ShortestToken = 32;
    static constexpr qsizetype LongestToken = 512;

    /// A file with a token for each role, of which nobody knows yet.
    static QByteArray freshFile();

    /// Reads lines such as "operator deploy TOKEN"; empty ones and those with '#' at their beginning say nothing. \a
    /// path begins each message: "run/admin.tokens:3: …". No message has a token in it.
    static Result<AccessTokens> parse(const QByteArray &file, const QString &path);

    /// Null if nobody holds it. Takes the same time for every wrong token.
    std::optional<TokenHolder> find(QByteArrayView token) const;

    /// Whether the same token is still that of \a holder.
    bool holds(const TokenHolder &holder) const;

    qsizetype size() const { return qsizetype(m_holders.size()); }

private:
    std::vector<TokenHolder> m_holders;
};

} // namespace Quern::admin
