using System.Globalization;
using Fota.Manifest;
using Fota.Manifest.Metadata;

namespace Fota.Signer.Repository;

/// <summary>The bins that a product with many releases is spread over: a release signs one small file, and a device fetches one.</summary>
internal static class HashBins
{
    private const int Max = 4096;

    /// <summary>0 for a product without, or a power of two.</summary>
    public static int Demand(string field, int bins) => bins == 0 || (bins is >= 1 and <= Max && int.IsPow2(bins))
        ? bins
        : throw new SignerRefusalException($"{field}: wanted 0 (none) or a power of two up to {Max}, got {bins}");

    /// <summary>The product's delegations to its bins: they have the product's own keys and threshold. None without bins.</summary>
    public static IReadOnlyList<DelegatedRole> Delegate(ProductName product, RoleKeys keys, int bins)
    {
        if (bins == 0)
        {
            return [];
        }

        // As many digits as tell the bins apart; a bin has the prefixes from its own name up to the next one's.
        int digits = 1;
        while (1 << (4 * digits) < bins)
        {
            digits++;
        }

        int prefixes = (1 << (4 * digits)) / bins;
        return [.. Enumerable.Range(0, bins).Select(bin =>
        {
            string[] own = [.. Enumerable.Range(bin * prefixes, prefixes).Select(prefix => prefix.ToString("x", CultureInfo.InvariantCulture).PadLeft(digits, '0'))];
            return DelegatedRole.ToHashBin(HashBin.NameOf(product, own[0]), keys, own, terminating: true);
        })];
    }
}
