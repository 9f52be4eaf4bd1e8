using Fota.Manifest.Keys;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Keys.Policies;
using Fota.Signer.Roles;

namespace Fota.Signer.Ceremony;

/// <summary>What holds of a ceremony's change for whoever plans it and whoever runs it, before anybody signs.</summary>
internal static class CeremonyRules
{
    /// <summary>The keys that it lets in are those of the reviewed file, and their policies allow what the role signs: else the role would rest on a key that cannot sign.</summary>
    /// <exception cref="SignerRefusalException">A key is another than the file says, or the change is dated ahead.</exception>
    /// <exception cref="KeyPolicyException">The policy of a new key does not allow what the role signs.</exception>
    public static void Demand(ChangePlan plan, RoleChange change, KeyPolicies policies, DateTimeOffset now)
    {
        plan.DemandKeys(change);
        change.Request.DemandPast(now);
        foreach ((string label, VerificationKey key) in change.NewKeys)
        {
            foreach (SigningPurpose purpose in change.Request.Roles.SelectMany(PurposesOf))
            {
                policies.DemandWritten(label, key, purpose);
            }
        }
    }

    /// <summary>What the signatures that a keyholder sent are for.</summary>
    public static IEnumerable<SigningPurpose> PurposesOf(CarriedSignatures carried) => carried.Roles.Keys
        .SelectMany(static role => role is RolesSettings.RootName or RolesSettings.TargetsName or RolesSettings.SnapshotName or RolesSettings.TimestampName ? PurposesOf(role) : [SigningPurpose.ProductRole])
        .Concat(carried.Envelopes.Count > 0 ? [SigningPurpose.SuitManifest] : [])
        .Append(SigningPurpose.Ceremony)
        .Distinct();

    private static IEnumerable<SigningPurpose> PurposesOf(string role) => role switch
    {
        RolesSettings.RootName => [SigningPurpose.Root],
        RolesSettings.TargetsName => [SigningPurpose.Targets],
        RolesSettings.SnapshotName => [SigningPurpose.Snapshot],
        RolesSettings.TimestampName => [SigningPurpose.Timestamp],
        _ => [SigningPurpose.ProductRole, SigningPurpose.SuitManifest],
    };
}
