using Fota.Manifest.Keys;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Keys.Policies;
using Fota.Signer.Roles;

namespace Fota.Signer.Ceremony;

/// <summary>A key that a change lets into a role has to be allowed to sign for it by its policy (hsm-config/key-policy.yaml): else the role would rest on a key that cannot sign.</summary>
internal static class CeremonyPolicies
{
    /// <exception cref="KeyPolicyException">The policy of a new key does not allow what the role signs.</exception>
    public static void Demand(KeyPolicies policies, RoleChange change)
    {
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
