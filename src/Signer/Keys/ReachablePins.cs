using Fota.Signer.Home;

namespace Fota.Signer.Keys;

/// <summary>
/// Promise P6: no process can reach a threshold of a product's keys, nor of the root's. What counts is whose PINs the process could read, not which one it means to
/// use: a taken-over process does not keep to its intentions.
/// </summary>
internal static class ReachablePins
{
    /// <summary>Refuses when the opened token and the environment together reach a threshold of any product's keys, or of the root's.</summary>
    public static void Demand(SignerSettings settings, string openedToken, Func<string, string?> variable) => Demand(settings, [openedToken], variable);

    /// <summary>As above, for a process that has the PINs of several tokens.</summary>
    public static void Demand(SignerSettings settings, IReadOnlyCollection<string> openedTokens, Func<string, string?> variable)
    {
        foreach (ProductSettings product in settings.Products)
        {
            string[] reachable = [.. product.Keys.Where(label => IsReachable(settings.Key(label).Token))];
            if (reachable.Length >= product.Threshold)
            {
                throw new SignerRefusalException(
                    $"this process can reach {reachable.Length} keys of product {product.Name} ({string.Join(", ", reachable)}), and {product.Threshold} make a release: "
                    + "give each person's process the PIN of that person's token only");
            }
        }

        string[] root = [.. settings.Roles.Root.Keys.Where(label => IsReachable(settings.Key(label).Token))];
        if (root.Length >= settings.Roles.Root.Threshold)
        {
            throw new SignerRefusalException(
                $"this process can reach {root.Length} keys of role root ({string.Join(", ", root)}), and {settings.Roles.Root.Threshold} make a root: "
                + "give each person's process the PIN of that person's token only");
        }

        bool IsReachable(string token) => openedTokens.Contains(token, StringComparer.Ordinal) || !string.IsNullOrEmpty(variable(PinSource.VariableOf(token)));
    }
}
