using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;

namespace Fota.Signer.Repository;

/// <summary>
/// Roles that expired while they were served. They must not keep others from being renewed, one after the other and in any order, nor one product's keep
/// the rest of the repository from staying fresh. So a rehearsal takes place at a moment when they were good: signatures, versions and digests are
/// checked as ever, and what is new in the repository must be good now.
/// </summary>
internal sealed class ExpiredRoles
{
    private ExpiredRoles(IReadOnlyList<string> names, DateTimeOffset moment)
    {
        Names = names;
        Moment = moment;
    }

    /// <summary>Role, version and expiry of each; empty most of the time.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Now, or the last moment at which none had expired.</summary>
    public DateTimeOffset Moment { get; }

    /// <exception cref="RejectedException">A file that is new in <paramref name="repository"/> has expired.</exception>
    public static ExpiredRoles In(RepositoryFolder repository, RepositoryState state, DateTimeOffset now)
    {
        List<string> names = [];
        DateTimeOffset moment = now;
        foreach ((string role, long version) in state.Delegated.Append(new("root", state.Root)).Append(new("targets", state.Targets)))
        {
            string path = RepositoryFolder.Metadata(role, version);
            DateTimeOffset expires = ExpiryOf(role, repository.Read(path));
            if (expires > now)
            {
                continue;
            }

            if (repository.IsNew(path))
            {
                throw new RejectedException(RejectionReason.MetadataExpired, $"{role} {version}: wanted an expiry after {now:u}, got {expires:u}");
            }

            names.Add($"{role} {version} has expired ({expires:u}): renew it");
            DateTimeOffset before = expires.AddSeconds(-1);
            moment = before < moment ? before : moment;
        }

        return new ExpiredRoles(names, moment);
    }

    private static DateTimeOffset ExpiryOf(string role, byte[] file)
    {
        SignedMetadata metadata = SignedMetadata.Decode(file, DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow();
        return role is "root" ? metadata.UnverifiedRoot().OrThrow().Expires : metadata.UnverifiedTargets().OrThrow().Expires;
    }
}
