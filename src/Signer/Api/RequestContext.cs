using Fota.Signer.Service;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Fota.Signer.Api;

/// <summary>What every endpoint asks of a request.</summary>
internal static class RequestContext
{
    /// <summary>Whoever sent it; <see cref="PersonAuthentication"/> found out.</summary>
    public static Person Who(this HttpContext context) => context.Features.GetRequiredFeature<Person>();

    /// <summary>Reads a document that may be longer than the service takes from anybody.</summary>
    /// <param name="context">The request, by somebody who may send one.</param>
    /// <param name="maxBytes">The longest that there is; a longer one is refused by the server (413).</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<byte[]> ReadDocumentAsync(this HttpContext context, int maxBytes, CancellationToken cancellation)
    {
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = maxBytes;
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, cancellation);
        return body.ToArray();
    }
}
