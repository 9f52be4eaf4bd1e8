using Fota.Signer.Home;

namespace Fota.Signer.Ceremony;

/// <summary>Whose PINs a run of a ceremony uses: files TOKEN.pin in a folder, of all keys or of those that are named.</summary>
/// <param name="folder">The folder; null if the run has no PIN.</param>
/// <param name="named">Labels of the keys to be used; null for all that the ceremony does not take away.</param>
internal sealed class CeremonyPins(string? folder, IReadOnlyCollection<string>? named)
{
    public string File(KeySettings key) => KeyMaking.PinFile(folder!, key.Token);

    /// <summary>Whether the run may use a key, and can.</summary>
    public bool Has(KeySettings key) => folder is not null && System.IO.File.Exists(File(key)) && named?.Contains(key.Label, StringComparer.Ordinal) != false;

    /// <summary>The parties whose keys this run uses. A key that goes, perhaps because it was lost or stolen, is used only where it is named.</summary>
    /// <exception cref="SignerRefusalException">A key is named that has no PIN here or no part in it, or the run would reach a threshold of a product's keys (P6).</exception>
    public IReadOnlyList<KeySettings> Usable(SignerSettings before, SignerSettings after, IReadOnlyList<KeySettings> parties, IReadOnlyList<string> removed, Func<string, SignerRefusalException> nothingToSign)
    {
        foreach (KeySettings key in (named ?? []).Select(after.Key))
        {
            if (!parties.Contains(key) && !IsOnline(after, key))
            {
                throw nothingToSign(key.Label);
            }

            if (!Has(key))
            {
                throw new SignerRefusalException($"key '{key.Label}': wanted the PIN of token '{key.Token}' in {(folder is null ? "--pin-dir" : File(key))}, got none");
            }
        }

        KeySettings[] usable = [.. parties.Where(key => Has(key) && (named is not null || !removed.Contains(key.Label, StringComparer.Ordinal)))];
        DemandBelowProductThresholds(before, usable);
        DemandBelowProductThresholds(after, usable);
        DemandTargetsWithoutOnline(before, usable);
        DemandTargetsWithoutOnline(after, usable);
        return usable;
    }

    // With the keys of targets and the online one, other keys for a product are made and shown to devices: releases, that is.
    private void DemandTargetsWithoutOnline(SignerSettings settings, KeySettings[] usable)
    {
        RoleSettings targets = settings.Roles.Targets;
        string[] reached = [.. targets.Keys.Where(label => usable.Any(key => string.Equals(key.Label, label, StringComparison.Ordinal)))];
        KeySettings online = settings.Key(settings.Roles.Timestamp.Keys[0]);
        if (reached.Length >= targets.Threshold && Has(online))
        {
            throw new SignerRefusalException(
                $"this run would use {string.Join(", ", reached)}, which make the role targets, and the online key '{online.Label}', and together they make releases: name those of targets with --keys, and run it again with the PIN of token '{online.Token}' only");
        }
    }

    private static bool IsOnline(SignerSettings after, KeySettings key) => after.Roles.Timestamp.Keys.Contains(key.Label, StringComparer.Ordinal);

    // Root keys are used one after the other, as in the first ceremony; a product's keys make releases, and meet in no process.
    private static void DemandBelowProductThresholds(SignerSettings settings, KeySettings[] usable)
    {
        foreach (ProductSettings product in settings.Products)
        {
            string[] reached = [.. product.Keys.Where(label => usable.Any(key => string.Equals(key.Token, settings.Key(label).Token, StringComparison.Ordinal)))];
            if (reached.Length >= product.Threshold)
            {
                throw new SignerRefusalException(
                    $"this run would use {reached.Length} keys of product {product.Name} ({string.Join(", ", reached)}), and {product.Threshold} make a release: name one of them with --keys, and let each keeper run it with the PIN of that keeper's token only");
            }
        }
    }
}
