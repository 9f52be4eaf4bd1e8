using Fota.Manifest.Keys;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Roles;

namespace Fota.Signer.Keys.Policies;

/// <summary>
/// What each key of a home may sign. A key that key-policy.yaml does not name may sign what its roles sign, and nothing else: missing never
/// means "not required". Read anew for each signature, so that an edit counts at once, for a service that runs for months too.
/// </summary>
internal sealed class KeyPolicies(HomeFolder folder, TimeProvider clock)
{
    /// <summary>Refuses a signature that the key's policy does not allow.</summary>
    /// <param name="label">The key's label.</param>
    /// <param name="key">Its public half.</param>
    /// <param name="purpose">What the signature would be for.</param>
    /// <param name="used">How many signatures it has made, or may have made.</param>
    /// <exception cref="KeyPolicyException">It may not.</exception>
    /// <exception cref="SignerRefusalException">The policy cannot be read.</exception>
    public void Demand(string label, VerificationKey key, SigningPurpose purpose, Func<long> used)
    {
        SignerSettings settings = folder.ReadSettings();
        if (Written(settings).GetValueOrDefault(label) is { } policy)
        {
            policy.Demand(key, purpose, used, clock.GetUtcNow());
            return;
        }

        if (PolicyWords.RoleOf(purpose) is not { } role)
        {
            return;
        }

        string[] roles = [.. RolesOf(settings, Coming.Find(folder, settings), label)];

        // `ca make` has a key without a role sign the certificate that `ca switch` gives it its role with.
        bool isNewAuthority = roles.Length == 0 && role == PolicyWords.Authority;
        if (!isNewAuthority && !roles.Contains(role, StringComparer.Ordinal))
        {
            throw new KeyPolicyException(KeyPolicyReason.Role, label, roles.Length == 0 ? "no role yet" : $"role {string.Join(" or ", roles)}", $"role {role}");
        }
    }

    /// <summary>Refuses what the policy that is written for a key does not allow; a key without one gets its role by the change that asks.</summary>
    /// <inheritdoc cref="Demand" path="/exception"/>
    public void DemandWritten(string label, VerificationKey key, SigningPurpose purpose) =>
        Written(folder.ReadSettings()).GetValueOrDefault(label)?.Demand(key, purpose, static () => 0, clock.GetUtcNow());

    private IReadOnlyDictionary<string, KeyPolicy> Written(SignerSettings settings)
    {
        byte[] yaml;
        try
        {
            yaml = File.ReadAllBytes(folder.KeyPolicy);
        }
        catch (FileNotFoundException)
        {
            return new Dictionary<string, KeyPolicy>(StringComparer.Ordinal);
        }

        KeyPolicyFile file = KeyPolicyFile.Parse(yaml);
        file.DemandLabelsOf(settings.Keys.Select(static key => key.Label));
        return file.Policies;
    }

    /// <summary>Of today, and of the change of roles that is on its way: those whom it lets in sign it too.</summary>
    private static IEnumerable<string> RolesOf(SignerSettings settings, SignerSettings? coming, string label) =>
        RolesOf(settings, label).Concat(coming is null ? [] : RolesOf(coming, label)).Distinct(StringComparer.Ordinal);

    private static IEnumerable<string> RolesOf(SignerSettings settings, string label)
    {
        (string Role, IEnumerable<string> Keys)[] roles =
        [
            (PolicyWords.Root, settings.Roles.Root.Keys),
            (PolicyWords.Targets, settings.Roles.Targets.Keys),
            (PolicyWords.Online, settings.Roles.Snapshot.Keys.Concat(settings.Roles.Timestamp.Keys)),
            (PolicyWords.Product, settings.Products.SelectMany(static product => product.Keys)),
            (PolicyWords.Authority, settings.Authorities.Select(static authority => authority.Key)),
            (PolicyWords.Log, settings.Logs.Select(static log => log.Key)),
        ];
        return roles.Where(role => role.Keys.Contains(label, StringComparer.Ordinal)).Select(static role => role.Role);
    }
}
