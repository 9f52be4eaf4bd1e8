using System.Security.Claims;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Encodings.Web;
using Fota.Manifest;
using Fota.Signer.Authority;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Log;
using Fota.Signer.Service;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fota.Signer.Api;

/// <summary>Authenticates a person by the key of the TLS client certificate: a certificate of the people's CA, for client authentication, valid now, of a key that the settings name.</summary>
internal sealed class PersonAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, PeopleDirectory people)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "person";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.Connection.ClientCertificate is not { } certificate)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        if (people.WhyNotTrusted(certificate) is { } wrong)
        {
            return Task.FromResult(AuthenticateResult.Fail(wrong));
        }

        if (people.Find(certificate) is not { } person)
        {
            return Task.FromResult(AuthenticateResult.Fail("wanted a certificate of a person in the service's settings, got another"));
        }

        Context.Features.Set(person);
        ClaimsPrincipal principal = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, person.Name)], Scheme.Name));
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(principal, Scheme.Name)));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        AuthenticateResult result = await HandleAuthenticateOnceSafeAsync();
        await Problems.Of(new ServiceRefusalException(ServiceRefusal.Unauthorized, result.Failure?.Message ?? "wanted a client certificate of a person in the service's settings, got none")).ExecuteAsync(Context);
    }
}

/// <summary>Whom the service knows.</summary>
internal sealed class PeopleDirectory(X509Certificate2Collection authorities, IReadOnlyList<Person> people, HomeFolder folder, TimeProvider clock)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>Reads the people's certificates.</summary>
    public static PeopleDirectory Read(ServiceSettings settings, HomeFolder folder, TimeProvider clock)
    {
        X509Certificate2Collection authorities = [];
        authorities.ImportFromPemFile(settings.PeopleCa);
        Person[] people = [.. settings.People.Select(static person => new Person(person.Name, KeyIdOf(person.Certificate), person.Parse(), person.ReleaseKeys ?? []))];
        return people.GroupBy(static person => person.KeyId, StringComparer.Ordinal).FirstOrDefault(static group => group.Count() > 1) is { } shared
            ? throw new SignerRefusalException($"people: wanted each person with a key of their own, got one for {string.Join(" and ", shared.Select(static person => person.Name))}")
            : new PeopleDirectory(authorities, people, folder, clock);
    }

    /// <summary>The person with this certificate's key; null if there is none.</summary>
    public Person? Find(X509Certificate2 certificate) => people.FirstOrDefault(person => string.Equals(person.KeyId, KeyIdOf(certificate), StringComparison.Ordinal));

    /// <summary>Why a certificate is not one of a person; null if it is.</summary>
    public string? WhyNotTrusted(X509Certificate2 certificate)
    {
        // Chain building takes a missing extended key usage for "any"; here missing never means "not required" (P10).
        if (!certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(static usage => usage.EnhancedKeyUsages.Cast<Oid>().Any(static oid => oid.Value == ClientAuthentication)))
        {
            return "wanted a certificate for client authentication, got none";
        }

        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // what was taken back stands in this home's journal, asked below
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.VerificationTime = clock.GetUtcNow().LocalDateTime;
        if (chain.Build(certificate))
        {
            return IsRevoked(certificate.SerialNumber) ? "wanted a certificate that holds, got one that was revoked" : null;
        }

        return $"wanted a certificate of the people's CA, valid now, got {string.Join(", ", chain.ChainStatus.Select(static status => status.Status).Distinct())}";
    }

    // Asked each time, on a connection of its own: `ca revoke` counts from the next request on.
    private bool IsRevoked(string serial)
    {
        using SignerDatabase database = SignerDatabase.Open(folder.Journal);
        return new RevokedCertificates(database, clock, new SignerLog(database, clock)).IsRevoked("people", serial);
    }

    private static string KeyIdOf(string file)
    {
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(File.ReadAllText(file));
        return KeyIdOf(certificate);
    }

    private static string KeyIdOf(X509Certificate2 certificate) => Sha256Digest.Of(certificate.PublicKey.ExportSubjectPublicKeyInfo()).ToString();
}
