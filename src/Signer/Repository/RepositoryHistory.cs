using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;

namespace Fota.Signer.Repository;

/// <summary>Every root and every targets file of a repository, the oldest first. They are read, and not verified: <see cref="RepositoryTrust"/> follows the chain.</summary>
internal static class RepositoryHistory
{
    public static IEnumerable<RootMetadata> Roots(RepositoryFolder repository, RepositoryState state) =>
        Versions(repository, RolesSettings.RootName, state.Root, DecodeLimits.RootBytes).Select(static root => root.UnverifiedRoot().OrThrow());

    public static IEnumerable<TargetsMetadata> Targets(RepositoryFolder repository, RepositoryState state) =>
        Versions(repository, RolesSettings.TargetsName, state.Targets, DecodeLimits.TargetsBytes).Select(static targets => targets.UnverifiedTargets().OrThrow());

    private static IEnumerable<SignedMetadata> Versions(RepositoryFolder repository, string role, long newest, int maxBytes) => Enumerable.Range(1, (int)newest)
        .Select(version => RepositoryFolder.Metadata(role, version))
        .Where(repository.Has)
        .Select(file => SignedMetadata.Decode(repository.Read(file), maxBytes, MetadataProfile.Fota).OrThrow());
}
