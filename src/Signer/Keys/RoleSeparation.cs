using Fota.Signer.Home;

namespace Fota.Signer.Keys;

/// <summary>
/// Promise P6 begins here: who may sign with one token's PIN must not reach a threshold, nor a second role. Ceremonies and changes of roles keep to
/// the same rules.
/// </summary>
internal static class RoleSeparation
{
    /// <param name="source">What the message begins with.</param>
    /// <param name="roles">The top-level roles.</param>
    /// <param name="products">The product roles, by name.</param>
    /// <param name="authorities">Labels of the keys of certificate authorities.</param>
    /// <param name="tokenOf">The token of a key.</param>
    public static void Demand(string source, RolesSettings roles, IReadOnlyList<(string Name, RoleSettings Role)> products, IEnumerable<string> authorities, Func<string, string> tokenOf)
    {
        DemandTokens("roles.root", roles.Root);
        if (roles.Root.Threshold < 2 || roles.Root.Keys.Count < 3)
        {
            throw Refusal($"roles.root: wanted a threshold of at least 2 of at least 3 keys, got {roles.Root.Threshold} of {roles.Root.Keys.Count}");
        }

        DemandTokens("roles.targets", roles.Targets);

        // The online process is given one PIN.
        if (roles.Snapshot.Threshold != 1 || roles.Timestamp.Threshold != 1 || Tokens(roles.Snapshot.Keys.Concat(roles.Timestamp.Keys)).Count() != 1)
        {
            throw Refusal("roles.snapshot and roles.timestamp: wanted a threshold of 1 and all their keys on one token, the online one");
        }

        foreach ((string name, RoleSettings role) in products)
        {
            DemandTokens($"products.{name}", role);

            // Each further signature over the envelope changes the target that the role lists, so more approvers need a collecting step first.
            if (role.Threshold != 2)
            {
                throw Refusal($"products.{name}.threshold: wanted 2 to 2, got {role.Threshold}");
            }
        }

        IEnumerable<string>[] purposes = [roles.Root.Keys, roles.Targets.Keys, roles.Snapshot.Keys.Concat(roles.Timestamp.Keys), authorities, products.SelectMany(static product => product.Role.Keys)];
        if (purposes.SelectMany(Tokens).GroupBy(static token => token, StringComparer.Ordinal).FirstOrDefault(static group => group.Count() > 1) is { } shared)
        {
            throw Refusal($"token {shared.Key}: wanted keys of one purpose (root, targets, online, products or authorities), got several");
        }

        IEnumerable<string> Tokens(IEnumerable<string> labels) => labels.Select(tokenOf).Distinct(StringComparer.Ordinal);

        SignerRefusalException Refusal(string text) => new(source + text);

        void DemandTokens(string field, RoleSettings role)
        {
            if (role.Threshold < 1 || role.Threshold > role.Keys.Count)
            {
                throw Refusal($"{field}.threshold: wanted 1 to {role.Keys.Count}, the number of its keys, got {role.Threshold}");
            }

            if (Tokens(role.Keys).Count() != role.Keys.Count)
            {
                throw Refusal($"{field}.keys: wanted each key on a token of its own, got two on one");
            }
        }
    }
}
