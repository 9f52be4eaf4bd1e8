using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fota.DeviceAgent.Configuration;

/// <summary>
/// Whether a server is the device's own: a certificate of the one configured authority, for this address and for servers, that has not expired by the time that
/// the device can vouch for (docs/spec/time.md). That a certificate is not valid yet is no reason to refuse it: the authority has issued it, and it is the device's
/// clock that lags, perhaps since its battery died. And a clock that runs ahead does not cut the device off from those who could notice.
/// For whoever makes the agent's connection himself, as <see cref="DeviceConnection"/> does.
/// </summary>
internal sealed class ServerCertificateValidation
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly X509Certificate2Collection _authority = [];
    private readonly Func<DateTimeOffset> _vouchedTime;

    /// <summary>For servers of one authority.</summary>
    /// <param name="authority">PEM file with the authority's certificate.</param>
    /// <param name="vouchedTime">Gives the time.</param>
    /// <exception cref="SettingsException">There is no certificate in the file.</exception>
    public ServerCertificateValidation(string authority, Func<DateTimeOffset> vouchedTime)
    {
        _authority.ImportFromPemFile(authority);
        _vouchedTime = vouchedTime;
        if (_authority.Count == 0)
        {
            throw new SettingsException($"{authority}: wanted a certificate, got none");
        }
    }

    /// <summary>For <see cref="SslClientAuthenticationOptions.CertificateChainPolicy"/>: nothing is looked for in the network, whatever a certificate names.</summary>
    public X509ChainPolicy ChainPolicy => Policy(_vouchedTime().UtcDateTime);

    /// <summary>For <see cref="SslClientAuthenticationOptions.RemoteCertificateValidationCallback"/>. Of the errors that were found before, only those of the name count: chain and time are judged here.</summary>
    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null || chain is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }

        using X509Certificate2 server = new(certificate);
        X509Certificate2[] shown = [.. chain.ChainElements.Select(static element => element.Certificate), .. chain.ChainPolicy.ExtraStore];
        DateTime time = _vouchedTime().UtcDateTime;
        using X509Chain path = Chain(time, shown);
        _ = path.Build(server); // only for who is in it: another authority of the bundle, which begins next year, says nothing of this server
        foreach (X509ChainElement element in path.ChainElements)
        {
            // What is not valid yet, is from then on; whether it expires before all of the others are is for the chain to say.
            DateTime begin = element.Certificate.NotBefore.ToUniversalTime();
            time = begin > time ? begin : time;
        }

        using X509Chain own = Chain(time, shown);
        return own.Build(server);
    }

    private X509Chain Chain(DateTime time, X509Certificate2[] shown)
    {
        X509Chain chain = new() { ChainPolicy = Policy(time) };
        chain.ChainPolicy.ExtraStore.AddRange(shown);
        return chain;
    }

    private X509ChainPolicy Policy(DateTime time)
    {
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // the authority is the fleet's own; it has no responder
            DisableCertificateDownloads = true,
            VerificationTime = time,
            VerificationTimeIgnored = false,
        };
        policy.CustomTrustStore.AddRange(_authority);
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        return policy;
    }
}
