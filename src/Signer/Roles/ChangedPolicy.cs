using Fota.Signer.Ceremony;
using Fota.Signer.Home;
using Fota.Signer.Keys;
using Fota.Signer.Repository;

namespace Fota.Signer.Roles;

/// <summary>signer.json as it will be after a change. What must not be is refused here, before anything is signed.</summary>
internal static class ChangedPolicy
{
    public static SignerSettings Of(SignerSettings before, ChangeRequest request)
    {
        DemandRoles(before, request);
        SignerSettings after = before;
        foreach (string role in request.Roles)
        {
            after = With(after, role, Change(before, role, before.Role(role), request), request.HashBins);
        }

        if (!request.Renew && request.AtLeast is null && request.Roles.All(role => before.Role(role).SpeaksLike(after.Role(role))) && !PolicyDifference.Lines(before, after, request.Roles).Any())
        {
            throw new SignerRefusalException($"the change changes nothing: role {string.Join(" and ", request.Roles)} has these keys, threshold, days and bins already (--renew signs a role again as it is)");
        }

        RoleSeparation.Demand(
            "",
            after.Roles,
            [.. after.Products.Select(static product => (product.Name, product.Role))],
            after.Authorities.Select(static authority => authority.Key),
            label => after.Key(label).Token);
        return after;
    }

    private static void DemandRoles(SignerSettings settings, ChangeRequest request)
    {
        bool isOnline = request.Roles.All(static role => role is RolesSettings.SnapshotName or RolesSettings.TimestampName);
        if (request.Roles.Count != 1 && !(isOnline && request.Roles.Distinct(StringComparer.Ordinal).Count() == 2))
        {
            throw new SignerRefusalException("a change: wanted one role, or snapshot and timestamp together");
        }

        request.Roles.ToList().ForEach(role => _ = settings.Role(role));
        if (request.Renew && isOnline)
        {
            throw new SignerRefusalException("snapshot and timestamp are renewed by `fota-signer online`, whenever half of their life is over");
        }

        bool isProduct = settings.Products.Any(product => request.Concerns(product.Name));
        if (request.HashBins is { } bins)
        {
            _ = HashBins.Demand("--hash-bins", bins);
            if (!isProduct)
            {
                throw new SignerRefusalException($"role {request.Roles[0]}: wanted a product for hash bins");
            }
        }

        if (request is { AddKeys.Count: 0, RemoveKeys.Count: 0, Threshold: null, ExpiresDays: null, HashBins: null, AtLeast: null, Renew: false })
        {
            throw new SignerRefusalException("a change: wanted at least one of --add-key, --remove-key, --threshold, --expires-days, --hash-bins, --at-least, --renew");
        }

        if (request.AtLeast is not null && !request.Concerns(RolesSettings.SnapshotName))
        {
            throw new SignerRefusalException($"--at-least: wanted role snapshot for it, got {request.Roles[0]}");
        }

        if (request.ExpiresDays is < 1 or > CeremonyPlan.MaxDays)
        {
            throw new SignerRefusalException($"--expires-days: wanted 1 to {CeremonyPlan.MaxDays}, got {request.ExpiresDays}");
        }
    }

    private static RoleSettings Change(SignerSettings settings, string name, RoleSettings role, ChangeRequest request)
    {
        List<string> keys = [.. role.Keys];
        foreach (string label in request.AddKeys)
        {
            KeySettings added = settings.Key(label);
            if (settings.Logs.Any(log => string.Equals(log.Key, label, StringComparison.Ordinal)))
            {
                throw new SignerRefusalException($"key '{label}' signs the log, and nothing else");
            }

            if (keys.Exists(key => string.Equals(settings.Key(key).KeyId, added.KeyId, StringComparison.Ordinal)))
            {
                throw new SignerRefusalException($"key '{label}' speaks for role {name} already, and a key counts once");
            }

            keys.Add(label);
        }

        foreach (string label in request.RemoveKeys)
        {
            if (!role.Keys.Contains(label, StringComparer.Ordinal) || !keys.Remove(label))
            {
                throw new SignerRefusalException($"key '{label}' does not speak for role {name}; its keys are {string.Join(", ", role.Keys)}");
            }
        }

        if (keys.Count == 0)
        {
            throw new SignerRefusalException($"role {name} would have no key left: add one in the same change");
        }

        int threshold = request.Threshold ?? role.Threshold;
        return threshold >= 1 && threshold <= keys.Count
            ? new RoleSettings(keys, threshold, request.ExpiresDays ?? role.ExpiresDays)
            : throw new SignerRefusalException($"role {name}: wanted a threshold of 1 to {keys.Count}, the number of its keys, got {threshold}");
    }

    private static SignerSettings With(SignerSettings settings, string name, RoleSettings role, int? hashBins) => settings.Roles.Find(name) is not null
        ? settings with { Roles = settings.Roles.With(name, role) }
        : settings with
        {
            Products = [.. settings.Products.Select(product => string.Equals(product.Name, name, StringComparison.Ordinal)
                ? product with { Keys = role.Keys, Threshold = role.Threshold, ExpiresDays = role.ExpiresDays, HashBins = hashBins ?? product.HashBins }
                : product)],
        };
}
