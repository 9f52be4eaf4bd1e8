using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Signer.Authority;
using Fota.Signer.Home;
using Fota.Signer.Keys;
using Fota.Signer.Log;

namespace Fota.Signer.Commands;

/// <summary>fota-signer ca revoke and ca crl: certificates are taken back, and a list says so (RFC 5280 section 5).</summary>
internal static class RevocationCommand
{
    private const int MaxDays = 397;

    public static Command CreateRevoke(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<string> certificate = Arguments.Required("--certificate", "FILE", "The certificate that is taken back, PEM.");
        Option<string> reason = Arguments.Required("--reason", "REASON", $"One of {string.Join(", ", RevokedCertificates.Reasons.Keys)}.").AcceptOnlyFromAmong([.. RevokedCertificates.Reasons.Keys]);
        Command command = new("revoke", "Takes a certificate back. It stands in the next list; its device's name can go over to another key (`ca issue --replace`).") { home, certificate, reason };
        command.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            using X509Certificate2 revoked = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(arguments.GetRequiredValue(certificate), cancellation));
            using SignerHome opened = await SignerHome.OpenAsync(folder, host, cancellation);
            (string profile, string issuer) = IssuerOf(folder, opened.Settings, revoked);
            string serial = revoked.SerialNumber.ToLowerInvariant(), key = Sha256Digest.Of(revoked.PublicKey.ExportSubjectPublicKeyInfo()).ToString();
            bool isNew = opened.Revoked.Add(new Revocation(profile, issuer, serial, key, arguments.GetRequiredValue(reason)), revoked.Subject);
            await host.Out.WriteLineAsync($"{(isNew ? "revoked" : "revoked before")}: {revoked.Subject}, serial {serial}, {profile} CA");
            await host.Out.WriteLineAsync($"next: fota-signer ca crl --home {folder.Root} --profile {profile} --out FILE");
        });
        return command;
    }

    public static Command CreateList(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<string> profile = Arguments.Required("--profile", "device|service|people", "Whose certificates.").AcceptOnlyFromAmong("device", "service", "people");
        Option<string> output = Arguments.Required("--out", "FILE", "Where the list goes, PEM.");
        Option<int?> days = Arguments.Days($"How long the list is good for (default: 30, at most {MaxDays}).");
        Option<string?> pinFile = Arguments.PinFile();
        Command command = new("crl", "Signs a list of the certificates that were taken back.") { home, profile, output, days, pinFile };
        command.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            int good = arguments.GetValue(days) ?? 30;
            if (good > MaxDays)
            {
                throw new SignerRefusalException($"--days: wanted 1 to {MaxDays}, got {good}");
            }

            string wanted = arguments.GetRequiredValue(profile);
            using OpenedKey key = OpenedKey.Open(host, folder, folder.ReadSettings().Authority(wanted).Key, arguments.GetValue(pinFile));
            using SignerHome opened = await SignerHome.OpenAsync(folder, host, cancellation);
            using X509Certificate2 authority = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(folder.AuthorityCertificate(wanted), cancellation));
            LogRecovery.DemandWhole(opened);
            IReadOnlyList<(string Serial, DateTimeOffset Time, X509RevocationReason Reason)> revoked = opened.Revoked.Of(wanted, AuthorityKey.Of(authority));
            CertificateRevocationListBuilder builder = new();
            foreach ((string serial, DateTimeOffset time, X509RevocationReason why) in revoked)
            {
                builder.AddEntry(Convert.FromHexString(serial), time, why);
            }

            long number = opened.Revoked.NextNumber(wanted, AuthorityKey.Of(authority), key.Key.Label);
            byte[] list = new CertificateAuthority(opened.Signer, key.Token, key.Key).SignList(authority, builder, number, host.Clock.GetUtcNow(), good);
            DurableFile.Replace(Path.GetFullPath(arguments.GetRequiredValue(output)), Encoding.ASCII.GetBytes(PemEncoding.WriteString("X509 CRL", list) + "\n"));
            await host.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"signed: list {number} of the {wanted} CA, {revoked.Count} certificates, good for {good} days"));
        });
        return command;
    }

    /// <summary>Which authority of this home issued it, by its key and not by a name.</summary>
    private static (string Profile, string Issuer) IssuerOf(HomeFolder folder, SignerSettings settings, X509Certificate2 certificate)
    {
        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(static constraints => constraints.CertificateAuthority))
        {
            throw new SignerRefusalException($"certificate \"{certificate.Subject}\": wanted one that an authority issued, got an authority's own; a CA is changed with `ca make` and `ca switch`");
        }

        foreach (string profile in settings.Authorities.Select(static authority => authority.Profile))
        {
            using X509Certificate2 authority = X509Certificate2.CreateFromPem(File.ReadAllText(folder.AuthorityCertificate(profile)));
            using X509Chain chain = new();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(authority);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.DisableCertificateDownloads = true;
            chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
            if (chain.Build(certificate))
            {
                return (profile, AuthorityKey.Of(authority));
            }
        }

        throw new SignerRefusalException($"certificate \"{certificate.Subject}\": wanted one of an authority of this home, got another's");
    }
}
