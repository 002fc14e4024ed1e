#pragma once

#include "admin/protocol/endpointrequest.h"
#include "admin/server/accesstokens.h"
#include "admin/server/hostrules.h"
#include "admin/server/httpanswer.h"

#include <optional>

namespace Quern::admin {

/// What becomes of a request, by its head alone.
struct Verdict
{
    enum class Kind {
        Refuse,    ///< with answer
        Delay,     ///< the same, but its token is wrong: the answer is to wait
        Lacking,   ///< the same, but its holder's role may not ask for it
        Serve,     ///< endpoint is asked
        Document,  ///< the OpenAPI document is asked for
        Preflight, ///< with answer, a browser's question; nothing is wrong
        Stream,    ///< it becomes a WebSocket
    };

    Kind kind = Kind::Refuse;
    HttpAnswer answer;
    QByteArray origin; ///< see AnswerForm
    const Endpoint *endpoint = nullptr;
    Target target;
    std::optional<TokenHolder> holder; ///< whoever has shown a token that is right
};

/// Decides who may ask for what, before a body is taken. Lives in the admin thread.
class RequestJudge
{
public:
    /// \a endpoints outlive it; \a maxBody in bytes.
    RequestJudge(std::span<const Endpoint> endpoints, HostRules rules, qint64 maxBody);

    void setTokens(const AccessTokens &tokens) { m_tokens = tokens; }

    Verdict judge(const RequestHead &head, bool isEncrypted) const;

private:
    /// Which page asks: whether it may is in the result.
    bool permitsOrigin(const RequestHead &head, bool isEncrypted, Verdict &verdict) const;
    Verdict judgeStream(const RequestHead &head, Verdict verdict) const;
    Verdict judgeEndpoint(const RequestHead &head, Verdict verdict) const;
    /// Finds the holder of the token; false: verdict is a refusal.
    bool identify(const QByteArray &token, Verdict &verdict) const;
    bool permitsBody(const RequestHead &head, Verdict &verdict) const;

    std::span<const Endpoint> m_endpoints;
    HostRules m_rules;
    qint64 m_maxBody;
    AccessTokens m_tokens;
};

} // namespace Quern::admin
