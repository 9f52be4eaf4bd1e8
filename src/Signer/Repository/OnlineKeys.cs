using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Keys;

namespace Fota.Signer.Repository;

/// <summary>The keys that sign snapshot and timestamp; both are on the online token.</summary>
internal sealed record OnlineKeys(ITokenKey Snapshot, ITokenKey Timestamp)
{
    /// <summary>Finds them by today's settings on the token that was opened, so that a process goes on when its keys were changed on one token.</summary>
    public static OnlineKeys Find(OpenedKey opened, SignerSettings settings) =>
        new(opened.Find(settings.Key(settings.Roles.Snapshot.Keys[0])), opened.Find(settings.Key(settings.Roles.Timestamp.Keys[0])));

    /// <summary>What these keys would sign in vain is not signed.</summary>
    public void DemandFor(RootMetadata root)
    {
        Demand(RolesSettings.SnapshotName, Snapshot, root.Snapshot);
        Demand(RolesSettings.TimestampName, Timestamp, root.Timestamp);

        void Demand(string role, ITokenKey key, RoleKeys keys)
        {
            if (!keys.Keys.Contains(key.PublicKey))
            {
                throw new SignerRefusalException($"key '{key.Label}' is no key of role {role} by root {root.Version}: `fota-signer role list` shows whose turn it is");
            }
        }
    }
}
