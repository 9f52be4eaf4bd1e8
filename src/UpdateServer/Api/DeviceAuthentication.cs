using System.Security.Claims;
using System.Text.Encodings.Web;
using Fota.Manifest;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Devices;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Options;

namespace Fota.UpdateServer.Api;

/// <summary>Authenticates a device by its TLS client certificate. The handshake only proves that it holds the key; whether it is a device is asked here, each time, and so is whether it was taken back meanwhile.</summary>
internal sealed class DeviceAuthentication(IOptionsMonitor<DeviceAuthenticationOptions> options, ILoggerFactory loggers, UrlEncoder encoder, DeviceCertificates certificates)
    : AuthenticationHandler<DeviceAuthenticationOptions>(options, loggers, encoder)
{
    public const string SchemeName = "device";

    /// <summary>For a device that asks for a new certificate, to which other rules may apply when the old one has expired.</summary>
    public const string ReenrolmentScheme = "device-reenrolment";

    private Rejection? _refused;

    /// <summary>
    /// Lets a request in whose connection showed a certificate that is as good as when its chain was built; false for every other one, which goes the way of the scheme and is answered
    /// there. That way makes a principal and a ticket for each request, which nobody here reads.
    /// </summary>
    public static bool IsKnown(HttpContext context)
    {
        if (context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(typeof(KnownDevice), out object? known) != true || !((KnownDevice)known!).IsStillGood)
        {
            return false;
        }

        context.Features.Set(((KnownDevice)known).Credential.Identity);
        return true;
    }

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.Connection.ClientCertificate is not { } certificate)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        (DeviceCredential? credential, _refused) = certificates.Identify(certificate, Options.Use);
        if (credential is null)
        {
            Log.CertificateRefused(Logger, _refused!.Detail);
            return Task.FromResult(AuthenticateResult.Fail(_refused.Detail));
        }

        DeviceIdentity identity = credential.Identity;
        if (Context.Features.Get<IConnectionItemsFeature>() is { } connection)
        {
            connection.Items[typeof(KnownDevice)] = new KnownDevice(credential, certificates);
        }

        if (credential.Judged.Expired > TimeSpan.Zero)
        {
            Log.ExpiredCertificateAccepted(Logger, identity.Device, certificate.NotAfter.ToUniversalTime(), Options.Use);
        }

        Context.Features.Set(identity);
        ClaimsPrincipal principal = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, identity.Device.ToString())], Scheme.Name));
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(principal, Scheme.Name)));
    }

    /// <summary>Expiry is told by name, as the device can do something about it; what else is wrong with a certificate stands in the log.</summary>
    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        await base.HandleChallengeAsync(properties);
        if (_refused is { Reason: RejectionReason.CertificateExpired })
        {
            await Problems.Of(StatusCodes.Status401Unauthorized, _refused.Reason.ToString(), _refused.Detail).ExecuteAsync(Context);
        }
    }
}

/// <summary>Whose the certificate of a connection is: a chain is built once, as a connection shows the one certificate of its handshake.</summary>
internal sealed record KnownDevice(DeviceCredential Credential, DeviceCertificates By)
{
    /// <summary>What may have changed since is asked at each request: time, revocation lists, and devices that were shut out.</summary>
    public bool IsStillGood => By.IsStillGood(Credential);
}

/// <summary>What a device's certificate has to be good for.</summary>
internal sealed class DeviceAuthenticationOptions : AuthenticationSchemeOptions
{
    public CertificateUse Use { get; set; }
}
