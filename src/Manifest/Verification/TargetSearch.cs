using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;

namespace Fota.Manifest.Verification;

/// <summary>
/// How far the search for a target came (TUF 1.0.34 section 5.6.7): depth first, each role before those it delegates to, in order of appearance. A
/// terminating delegation ends it after its own descendants; a role is asked once, so that cycles end.
/// </summary>
/// <param name="File">What the role says that lists the target; null when none was found.</param>
/// <param name="By">The delegation to that role; null for the top-level targets.</param>
/// <param name="Missing">The delegation that could not be followed, as its role has not been updated.</param>
/// <param name="TooMany">Whether the search ended at <see cref="DecodeLimits.VisitedRoles"/>.</param>
internal sealed record TargetSearch(TargetFile? File, Delegation? By, Delegation? Missing, bool TooMany)
{
    private static readonly TargetSearch s_none = new(null, null, null, false);

    public static TargetSearch Run(TrustedMetadataSet trust, string path)
    {
        TargetsMetadata top = trust.Targets!;
        if (top.Targets.TryGetValue(path, out TargetFile? file))
        {
            return s_none with { File = file };
        }

        HashSet<string> visited = new(StringComparer.Ordinal);
        Stack<Delegation> left = [];
        Push(left, top, null, path);
        while (left.TryPop(out Delegation? delegation))
        {
            if (visited.Contains(delegation.Name))
            {
                continue;
            }

            if (visited.Count == DecodeLimits.VisitedRoles)
            {
                return s_none with { TooMany = true };
            }

            TargetsMetadata? targets = trust.Delegated(delegation);
            if (targets is null)
            {
                return s_none with { Missing = delegation };
            }

            if (targets.Targets.TryGetValue(path, out file))
            {
                return s_none with { File = file, By = delegation };
            }

            visited.Add(delegation.Name);
            Push(left, targets, delegation, path);
        }

        return s_none;
    }

    private static void Push(Stack<Delegation> left, TargetsMetadata targets, Delegation? above, string path)
    {
        List<DelegatedRole> roles = [.. targets.RolesFor(path)];
        if (roles is [.., { Terminating: true }])
        {
            left.Clear(); // nobody is asked after its descendants
        }

        foreach (DelegatedRole role in Enumerable.Reverse(roles))
        {
            left.Push(new Delegation(targets, role, above));
        }
    }
}
