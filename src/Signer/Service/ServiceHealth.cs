using System.Security.Cryptography;
using Fota.Interop.Cryptoki;
using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Keys;
using Fota.Signer.Repository;

namespace Fota.Signer.Service;

/// <summary>How the service is: its tokens, how long the roles are still good for, and what it last failed at.</summary>
internal sealed class ServiceHealth(SignerHost host, HomeFolder folder, ServiceKeys keys, DraftPreparation preparation)
{
    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private volatile string? _renewalFailure;
    private HealthReport? _report;
    private DateTimeOffset _asked;

    /// <summary>A look at what is due went well.</summary>
    public void RenewalSucceeded() => _renewalFailure = null;

    /// <summary>It did not.</summary>
    public void RenewalFailed(Exception e) => _renewalFailure = e.Message.ReplaceLineEndings(" ");

    /// <summary>How it is now, or was a few seconds ago: who asks often does not work the tokens.</summary>
    public HealthReport Report()
    {
        lock (_gate)
        {
            if (_report is null || host.Clock.GetUtcNow() - _asked >= s_fresh || host.Clock.GetUtcNow() < _asked)
            {
                (_report, _asked) = (Ask(), host.Clock.GetUtcNow());
            }

            return _report;
        }
    }

    private HealthReport Ask()
    {
        List<TokenHealth> tokens = [.. keys.All.DistinctBy(static key => key.Token.Label, StringComparer.Ordinal).Select(static key => new TokenHealth(key.Token.Label, WhyAway(key)))];
        List<RoleHealth> roles = [.. Roles()];
        bool isWell = _renewalFailure is null && preparation.Failure is null && tokens.TrueForAll(static token => token.Away is null) && roles.TrueForAll(static role => role.State == RoleFreshness.Fresh);
        return new HealthReport(isWell ? "ok" : "degraded", tokens, roles, _renewalFailure, preparation.Failure);
    }

    /// <summary>A byte of its generator costs little, and only a token that is there gives one.</summary>
    private static string? WhyAway(OpenedKey key)
    {
        try
        {
            key.Token.FillRandom(stackalloc byte[1]);
            return null;
        }
        catch (Exception e) when (e is CryptokiException or CryptokiRefusalException or CryptographicException)
        {
            return e.Message.ReplaceLineEndings(" ");
        }
    }

    private IEnumerable<RoleHealth> Roles()
    {
        RepositoryFolder repository = new(folder.Repository);
        RepositoryState state = repository.ReadState();
        SignerSettings settings = folder.ReadSettings();
        yield return Of(RolesSettings.RootName, Read(RepositoryFolder.Metadata(RolesSettings.RootName, state.Root), DecodeLimits.RootBytes).UnverifiedRoot().OrThrow());
        yield return Of(RolesSettings.TargetsName, Read(RepositoryFolder.Metadata(RolesSettings.TargetsName, state.Targets), DecodeLimits.TargetsBytes).UnverifiedTargets().OrThrow());
        foreach ((string product, long version) in state.Delegated)
        {
            yield return Of(product, Read(RepositoryFolder.Metadata(product, version), DecodeLimits.TargetsBytes).UnverifiedTargets().OrThrow());
        }

        if (repository.Has(RepositoryFolder.Timestamp))
        {
            TimestampMetadata timestamp = Read(RepositoryFolder.Timestamp, DecodeLimits.TimestampBytes).UnverifiedTimestamp().OrThrow();
            yield return Of(RolesSettings.SnapshotName, Read(RepositoryFolder.Metadata(RolesSettings.SnapshotName, timestamp.Snapshot.Version), DecodeLimits.SnapshotBytes).UnverifiedSnapshot().OrThrow());
            yield return Of(RolesSettings.TimestampName, timestamp);
        }

        RoleHealth Of(string role, MetadataContent content) => Judge(role, content.Expires, settings.Role(role.Split('.')[0]).ExpiresDays);

        SignedMetadata Read(string path, int bytes) => SignedMetadata.Decode(repository.Read(path), bytes, MetadataProfile.Fota).OrThrow();
    }

    // The online roles are renewed at half of their life, the others by people: a quarter that is left is near for either.
    private RoleHealth Judge(string role, DateTimeOffset expires, int days)
    {
        TimeSpan left = expires - host.Clock.GetUtcNow();
        return new RoleHealth(role, expires, left <= TimeSpan.Zero ? RoleFreshness.Expired : left < TimeSpan.FromDays(days) / 4 ? RoleFreshness.Near : RoleFreshness.Fresh);
    }
}

/// <summary>How near a role's end is.</summary>
internal enum RoleFreshness
{
    Fresh = 0,

    /// <summary>Less than a quarter of its life is left.</summary>
    Near,

    Expired,
}

/// <summary>How the service is.</summary>
/// <param name="Status">ok or degraded.</param>
/// <param name="Tokens">Its tokens.</param>
/// <param name="Roles">The roles that are published.</param>
/// <param name="RenewalFailure">What the last renewal failed at; null if it did not.</param>
/// <param name="PreparationFailure">What the last preparation of a draft failed at, which is tried again; null if none did.</param>
internal sealed record HealthReport(string Status, IReadOnlyList<TokenHealth> Tokens, IReadOnlyList<RoleHealth> Roles, string? RenewalFailure, string? PreparationFailure);

/// <summary>A token that the service is logged in to.</summary>
/// <param name="Token">Its label.</param>
/// <param name="Away">Why it does not answer; null if it does.</param>
internal sealed record TokenHealth(string Token, string? Away);

/// <summary>A role, and how long it is good for.</summary>
internal sealed record RoleHealth(string Role, DateTimeOffset Expires, RoleFreshness State);
