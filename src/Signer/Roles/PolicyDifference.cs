using System.Globalization;
using Fota.Signer.Home;

namespace Fota.Signer.Roles;

/// <summary>
/// What a change does to signer.json beside keys and thresholds, which signed metadata says: for how many days roles sign, into how many bins. What is
/// signed later goes by it, the online key's metadata too, of which nothing is signed in the change itself.
/// </summary>
internal static class PolicyDifference
{
    /// <summary>Line by line, for people; empty when nothing of it is different.</summary>
    public static IEnumerable<string> Lines(SignerSettings before, SignerSettings after, IEnumerable<string> roles)
    {
        string[] old = [.. roles.SelectMany(role => Facts(before, role))], now = [.. roles.SelectMany(role => Facts(after, role))];
        return RoleDifference.Between(old, now);
    }

    private static IEnumerable<string> Facts(SignerSettings settings, string name)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"policy of {name}: what it signs is good for {settings.Role(name).ExpiresDays} days");
        if (settings.Products.FirstOrDefault(product => string.Equals(product.Name, name, StringComparison.Ordinal)) is { } product)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"policy of {name}: {product.HashBins} hash bins");
        }
    }
}
