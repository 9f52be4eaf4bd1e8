using System.Text;
using System.Text.Json;
using Azure.Core;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>In place of a machine's managed identity: a token of the right form, whose signature azurite does not look at.</summary>
internal sealed class UncheckedIdentity : TokenCredential
{
    public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow(), end = now.AddHours(1);
        const string Tenant = "00000000-0000-0000-0000-000000000001";
        object claims = new
        {
            iss = $"https://sts.windows.net/{Tenant}/",
            aud = "https://storage.azure.com",
            tid = Tenant,
            oid = "00000000-0000-0000-0000-000000000002",
            nbf = now.AddMinutes(-1).ToUnixTimeSeconds(),
            iat = now.AddMinutes(-1).ToUnixTimeSeconds(),
            exp = end.ToUnixTimeSeconds(),
        };
        return new AccessToken($"{Part(new { alg = "none", typ = "JWT" })}.{Part(claims)}.{Part("signature")}", end);
    }

    public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) => ValueTask.FromResult(GetToken(requestContext, cancellationToken));

    private static string Part(object value) => Convert.ToBase64String(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(value))).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
