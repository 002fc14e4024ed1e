#pragma once

#include <Quern/testharness.h>

#include "request_p.h"

#include <QExplicitlySharedDataPointer>

namespace Quern {

/// A request that the server refuses before the application sees it.
struct RefusedRequest
{
    int status = 400;
    Error error;
};

/// What the server would make of \a request, with the number \a id.
std::variant<QExplicitlySharedDataPointer<RequestPrivate>, RefusedRequest> requestOf(const TestRequest &request,
                                                                                     quint64 id);

} // namespace Quern
