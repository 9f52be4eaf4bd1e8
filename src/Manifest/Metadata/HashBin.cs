using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Fota.Manifest.Metadata;

/// <summary>
/// The names of a product's hash bins: the product, a dot, and 1 to 8 lower-case hexadecimal digits, for example "infusion-pump.0a". No product has
/// a dot in its name, so a bin is never taken for a product.
/// </summary>
public static class HashBin
{
    private const int MaxDigits = 8;

    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdef");

    /// <summary>For example "infusion-pump.0a".</summary>
    /// <exception cref="RejectedException">Not 1 to 8 lower-case hexadecimal digits.</exception>
    public static string NameOf(ProductName product, string bin)
    {
        ArgumentNullException.ThrowIfNull(product);
        return IsBin(bin) ? $"{product}.{bin}" : throw new RejectedException(RejectionReason.UnsafePath, $"a hash bin: wanted 1 to {MaxDigits} lower-case hexadecimal digits, got another name");
    }

    /// <summary>Reads the name of a bin.</summary>
    public static bool TryParse(string? role, [NotNullWhen(true)] out ProductName? product, [NotNullWhen(true)] out string? bin)
    {
        int dot = role?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        bin = dot > 0 && IsBin(role![(dot + 1)..]) ? role[(dot + 1)..] : null;
        product = null;
        return bin is not null && ProductName.TryParse(role![..dot], out product);
    }

    private static bool IsBin(string? bin) => bin is { Length: >= 1 and <= MaxDigits } && !bin.AsSpan().ContainsAnyExcept(s_hex);
}
