using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Fota.DeviceAgent.Identity;

/// <summary>
/// Says why a server is not spoken to, in words that help whoever reads a device's log: a device that missed a change of the server's CA says just that.
/// It accepts nothing: that something is wrong was found before.
/// </summary>
internal static class ServerAuthority
{
    /// <summary>What a certificate that was refused lacks, by its name and by the chain that could not be built for it.</summary>
    public static AuthenticationException Refusal(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return new AuthenticationException($"the server's certificate ({Printable(certificate?.Subject)}) is not for this address");
        }

        X509ChainStatusFlags status = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, static (all, one) => all | one.Status) ?? X509ChainStatusFlags.PartialChain;
        return new AuthenticationException((status & (X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot)) != X509ChainStatusFlags.NoError
            ? $"the server's certificate, issued by {Printable(certificate?.Issuer)}, is not of an authority in serverCa"
            : $"the server's certificate is not accepted: {status}");
    }

    private static string Printable(string? text) => new([.. (text ?? "nobody").Select(static c => char.IsControl(c) ? '?' : c)]);
}
