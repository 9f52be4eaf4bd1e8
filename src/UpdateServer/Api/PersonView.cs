using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Api;

/// <summary>A role over products and sites; those that are left out are all.</summary>
internal sealed record GrantView(string Role, IReadOnlyList<string>? Products = null, IReadOnlyList<string>? Sites = null)
{
    private const int MaxNames = 256;

    public static GrantView Of(Grant g) => new(RoleNames.NameOf(g.Role), g.Products?.ToArray(), g.Sites?.ToArray());

    /// <exception cref="RejectedException">There is no such role, product or site, or a list is empty.</exception>
    public Grant ToGrant() => new(RoleNames.Parse(Role) ?? throw Demand.Wrong("grants", $"a role, one of {string.Join(", ", RoleNames.NamesOf(People.Role.All))}", Role))
    {
        Products = Names(Products, "products", static name => ProductName.TryParse(name, out _)),
        Sites = Names(Sites, "sites", StageRules.IsName),
    };

    // An empty list would be a role over nothing; whoever means all leaves the list out, and has to.
    private static ImmutableSortedSet<string>? Names(IReadOnlyList<string>? names, string what, Func<string, bool> isName) =>
        names is null ? null
        : names.Count is 0 or > MaxNames ? throw Demand.Wrong(what, $"1 to {MaxNames} names, or none of the list for all", $"{names.Count}")
        : names.All(name => name is not null && isName(name)) ? names.ToImmutableSortedSet(StringComparer.Ordinal)
        : throw Demand.Wrong(what, "names", "something else");
}

/// <summary>One certificate, by issuer and serial number in hexadecimal digits.</summary>
internal sealed record CertificateView(string Issuer, string Serial);

/// <summary>What somebody may do, and what they are known by.</summary>
internal sealed record PersonRequest(IReadOnlyList<GrantView> Grants)
{
    private const int MaxGrants = 64;
    private const int MaxIdentities = 32;
    private const int MaxSerial = 40; // 20 octets, RFC 5280 section 4.1.2.2

    public IReadOnlyList<string>? CertificateSubjects { get; init; }

    public IReadOnlyList<CertificateView>? Certificates { get; init; }

    public IReadOnlyList<string>? OauthSubjects { get; init; }

    /// <exception cref="RejectedException">There are none of these, or too many.</exception>
    public ImmutableArray<Grant> ToGrants() => [.. Demand.AtMost(Grants, MaxGrants, "grants").Select(static g => (g ?? throw Demand.Wrong("grants", "objects", "null")).ToGrant())];

    /// <exception cref="RejectedException">One is none, or there are too many.</exception>
    public ImmutableArray<PersonIdentity> ToIdentities() => [.. ReadIdentities().Distinct()];

    private IEnumerable<PersonIdentity> ReadIdentities() =>
    [
        .. Demand.AtMost(CertificateSubjects ?? [], MaxIdentities, "certificate_subjects").Select(static s => PersonIdentity.OfSubject(NameOf(s))),
        .. Demand.AtMost(Certificates ?? [], MaxIdentities, "certificates").Select(static c => OfCertificate(c)),
        .. Demand.AtMost(OauthSubjects ?? [], MaxIdentities, "oauth_subjects").Select(static s => PersonIdentity.OfOAuth(Text(s))),
    ];

    private static PersonIdentity OfCertificate(CertificateView certificate) => certificate?.Serial is { Length: > 0 and <= MaxSerial } serial && serial.All(char.IsAsciiHexDigit)
        ? PersonIdentity.OfSerial(NameOf(certificate.Issuer), serial)
        : throw Demand.Wrong("certificates", $"serial numbers of 1 to {MaxSerial} hexadecimal digits", "something else");

    private static X500DistinguishedName NameOf(string text)
    {
        try
        {
            return new X500DistinguishedName(Text(text));
        }
        catch (CryptographicException)
        {
            throw Demand.Wrong("certificate", "a distinguished name, for example CN=anna, O=Example", "something else");
        }
    }

    private static string Text(string text) => text is { Length: > 0 and <= PersonIdentity.MaxLength } && !text.Any(char.IsControl)
        ? text
        : throw Demand.Wrong("identity", $"1 to {PersonIdentity.MaxLength} characters, none of them a control character", "something else");
}

/// <summary>Somebody, as administrators and auditors see them.</summary>
internal sealed record PersonView(
    string Name, IReadOnlyList<GrantView> Grants, IReadOnlyList<string> CertificateSubjects, IReadOnlyList<CertificateView> Certificates, IReadOnlyList<string> OauthSubjects, DateTimeOffset Created)
{
    public static PersonView Of(Person p) => new(
        p.Name,
        [.. p.Grants.Select(GrantView.Of)],
        [.. Values(p, IdentityKind.Subject)],
        [.. Values(p, IdentityKind.Serial).Select(static v => v.Split(" of ", 2)).Select(static v => new CertificateView(v[1], v[0]))],
        [.. Values(p, IdentityKind.OAuth)],
        p.Created);

    private static IEnumerable<string> Values(Person p, IdentityKind kind) => p.Identities.Where(i => i.Kind == kind).Select(static i => i.Value);
}

/// <summary>A token, as administrators and auditors see it.</summary>
internal sealed record TokenView(string Id, string Name, IReadOnlyList<string> Roles, DateTimeOffset Created, string CreatedBy, DateTimeOffset? Expires, DateTimeOffset? Revoked)
{
    /// <summary>The token itself: in the answer that made it, and never again.</summary>
    [System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    public string? Token { get; init; }

    public static TokenView Of(ApiToken t) => new(t.Id, t.Name, RoleNames.NamesOf(t.Roles), t.Created, t.CreatedBy, t.Expires, t.Revoked);
}

/// <summary>What a token is for: its name, the only roles that it has (left out: those of the person), and for how many days it is good (left out: 90).</summary>
internal sealed record TokenRequest(string Name)
{
    public IReadOnlyList<string>? Roles { get; init; }

    public int? Days { get; init; }
}

/// <summary>Whoever asks, as the server sees them.</summary>
internal sealed record WhoAmIView(string Name, string Credential, string CredentialId, DateTimeOffset? Expires, IReadOnlyList<GrantView> Grants)
{
    public static WhoAmIView Of(Caller c) => new(c.Name, c.Kind.ToString().ToLowerInvariant(), c.Credential, c.Expires, [.. c.Grants.Select(GrantView.Of)]);
}

/// <summary>A decision about access, as administrators and auditors see it. SHA-256 of the salt (here in hexadecimal; null where there was none yet) and the detail is <c>detail_sha256</c> of the log's entry.</summary>
internal sealed record AccessDecisionView(DateTimeOffset At, string Decision, string By, string About, string Detail, string? Salt)
{
    public static AccessDecisionView Of(AccessDecision d) => new(d.At, System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(d.Kind.ToString()), d.By, d.About, d.Detail, d.Salt);
}
