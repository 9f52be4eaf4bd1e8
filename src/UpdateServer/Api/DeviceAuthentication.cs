using System.Security.Claims;
using System.Text.Encodings.Web;
using Fota.UpdateServer.Devices;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Fota.UpdateServer.Api;

/// <summary>Authenticates a device by its TLS client certificate. The handshake only proves that it holds the key; whether it is a device is asked here, each time.</summary>
internal sealed class DeviceAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, DeviceCertificates certificates)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "device";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.Connection.ClientCertificate is not { } certificate)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        (DeviceIdentity? identity, string? refused) = certificates.Identify(certificate);
        if (identity is null)
        {
            Log.CertificateRefused(Logger, refused!);
            return Task.FromResult(AuthenticateResult.Fail(refused!));
        }

        Context.Features.Set(identity);
        ClaimsPrincipal principal = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, identity.Device.ToString())], Scheme.Name));
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(principal, Scheme.Name)));
    }
}
