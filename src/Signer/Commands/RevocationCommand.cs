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
        Option<string> output = Arguments.Required("--out", "FILE", "Where the list goes, PEM; that of a CA of before `ca switch` goes beside it, with the CA's key identifier in its name.");
        Option<int?> days = Arguments.Days($"How long the list is good for (default: 30, at most {MaxDays}).");
        Option<string?> pinFile = Arguments.PinFile();
        Command command = new("crl", "Signs a list of the certificates that were taken back, for each CA of the profile, also one of before `ca switch`.") { home, profile, output, days, pinFile };
        command.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            int good = arguments.GetValue(days) ?? 30;
            if (good > MaxDays)
            {
                throw new SignerRefusalException($"--days: wanted 1 to {MaxDays}, got {good}");
            }

            string wanted = arguments.GetRequiredValue(profile), file = Path.GetFullPath(arguments.GetRequiredValue(output));
            string? pin = arguments.GetValue(pinFile);
            using OpenedKey key = OpenedKey.Open(host, folder, folder.ReadSettings().Authority(wanted).Key, pin);
            using SignerHome opened = await SignerHome.OpenAsync(folder, host, cancellation);
            LogRecovery.DemandWhole(opened);
            opened.Issued.Index();
            List<string> lacking = [];
            foreach (HomeAuthority authority in HomeAuthority.All(folder, wanted))
            {
                using HomeAuthority each = authority;
                if (!each.IsFormer)
                {
                    await SignAsync(host, opened, each, key.Token, key.Key, file, good);
                }
                else if (new DateTimeOffset(each.Certificate.NotAfter) <= host.Clock.GetUtcNow())
                {
                    await host.Out.WriteLineAsync($"no list: the former {wanted} CA {each.Certificate.Subject} has ended, and what it issued with it");
                }
                else if (each.KeyIn(opened.Settings) is { } former && string.Equals(former.Token, key.Token.Label, StringComparison.Ordinal))
                {
                    await SignAsync(host, opened, each, key.Token, key.Find(former), FileOf(file, each), good);
                }
                else
                {
                    lacking.Add($"{each.Certificate.Subject} ({(each.KeyIn(opened.Settings) is { } elsewhere ? $"its key is on token '{elsewhere.Token}'" : "its key is none of this home any more")})");
                }
            }

            if (lacking.Count > 0)
            {
                throw new SignerRefusalException($"ca crl: wanted a list of each {wanted} CA that is valid, with keys on token '{key.Token.Label}', got none of the former {string.Join(", ", lacking)}: whoever trusts it is not told what was taken back");
            }
        });
        return command;
    }

    private static async Task SignAsync(SignerHost host, SignerHome home, HomeAuthority authority, ICryptoToken token, ITokenKey key, string file, int days)
    {
        IReadOnlyList<(string Serial, DateTimeOffset Time, X509RevocationReason Reason)> revoked = home.Revoked.Of(authority.Profile, authority.Key);
        CertificateRevocationListBuilder builder = new();
        foreach ((string serial, DateTimeOffset time, X509RevocationReason why) in revoked)
        {
            builder.AddEntry(Convert.FromHexString(serial), time, why);
        }

        long number = home.Revoked.NextNumber(authority.Profile, authority.Key, key.Label);
        byte[] list = new CertificateAuthority(home.Signer, token, key).SignList(authority.Certificate, builder, number, host.Clock.GetUtcNow(), days);
        DurableFile.Replace(file, Encoding.ASCII.GetBytes(PemEncoding.WriteString("X509 CRL", list) + "\n"));
        string whose = authority.IsFormer ? $"former {authority.Profile} CA {authority.Certificate.Subject}" : $"{authority.Profile} CA";
        await host.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"signed: list {number} of the {whose}, {revoked.Count} certificates, good for {days} days{(authority.IsFormer ? $", in {file}" : "")}"));
    }

    // Beside the list of the one that issues.
    private static string FileOf(string file, HomeAuthority former) => Path.ChangeExtension(file, $"{former.Key}{Path.GetExtension(file)}");

    /// <summary>Which authority of this home issued it, one of before as well.</summary>
    private static (string Profile, string Issuer) IssuerOf(HomeFolder folder, SignerSettings settings, X509Certificate2 certificate)
    {
        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(static constraints => constraints.CertificateAuthority))
        {
            throw new SignerRefusalException($"certificate \"{certificate.Subject}\": wanted one that an authority issued, got an authority's own; a CA is changed with `ca make` and `ca switch`");
        }

        foreach (HomeAuthority authority in settings.Authorities.SelectMany(authority => HomeAuthority.All(folder, authority.Profile)))
        {
            using HomeAuthority each = authority;
            if (each.Issued(certificate))
            {
                return (each.Profile, each.Key);
            }
        }

        throw new SignerRefusalException($"certificate \"{certificate.Subject}\": wanted one of an authority of this home, got another's");
    }
}
